(* NAME.plugin is a target like any other; words is in it, since ocamlbuild's archives hold the
   modules that a module needs. Hosts are linked through `tenon link'. *)
let () =
  Tenon_ocamlbuild.Plugin_options.set ~desc:"says hello" ~command:(Sys.getenv "TENON") ();
  Ocamlbuild_plugin.dispatch (fun hook ->
      Tenon_ocamlbuild.Plugin_rules.install hook;
      Tenon_ocamlbuild.Host_rules.install hook)
