open Ocamlbuild_plugin

module Plugin_options = struct
  let command = ref "tenon"
  let options : spec list ref = ref []
  let packages : string list ref = ref []

  let set ?name ?version ?desc ?author ?(tags = []) ?(cons = []) ?packages:(more = []) ?bundle
      ?host ?(data = []) ?command:(tool = !command) () =
    let one key = function None -> [] | Some v -> [ A (Printf.sprintf "--%s=%s" key v) ] in
    let list key = function [] -> [] | l -> [ A (Printf.sprintf "--%s=%s" key (String.concat "," l)) ] in
    command := tool;
    packages := more;
    options :=
      one "name" name @ one "version" version @ one "desc" desc @ one "author" author
      @ list "tags" tags @ list "cons" cons @ one "bundle" bundle @ one "host" host
      @ List.map (fun (entry, file) -> A (Printf.sprintf "--data=%s=%s" entry file)) data
end

(* "package(str)" *)
let package_of_tag tag =
  try Scanf.sscanf tag "package(%s@)" (fun names -> String.split_on_char ',' names)
  with Scanf.Scan_failure _ | End_of_file -> []

let packages_of file =
  let tagged = List.concat (List.map package_of_tag (Tags.elements (tags_of_pathname file))) in
  List.sort_uniq compare
    (List.filter (( <> ) "")
       (List.map String.trim (!Options.ocaml_pkgs @ tagged @ !Plugin_options.packages)))

module Plugin_rules = struct
  let pack env _build =
    let plugin = env "%.plugin" in
    let packages = packages_of (env "%.ml") in
    Cmd
      (S
         ([ A !Plugin_options.command; A "build"; A "-q"; A "-o"; P plugin;
            A ("--main=" ^ Filename.basename (env "%")) ]
         @ (if packages = [] then [] else [ A ("--package=" ^ String.concat "," packages) ])
         @ !Plugin_options.options
         @ [ P (env "%.cma"); P (env "%.cmxs") ]))

  let install = function
    | After_rules ->
      rule "tenon: cma & cmxs -> plugin" ~deps:[ "%.cma"; "%.cmxs" ] ~prod:"%.plugin" pack
    | _ -> ()
end

module Host_rules = struct
  let through tool = S [ A !Plugin_options.command; A "link"; A "--"; tool ]

  let install = function
    | After_options ->
      Options.ocamlc := through !Options.ocamlc;
      Options.ocamlopt := through !Options.ocamlopt;
      Options.ocamlmktop := through !Options.ocamlmktop
    | _ -> ()
end
