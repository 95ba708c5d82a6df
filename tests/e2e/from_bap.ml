(* Every name of docs/from-bap.md, used. *)

let expect what condition = if not condition then (prerr_endline ("failed: " ^ what); exit 1)

let manifests () =
  let m = Tenon.Manifest.create ~desc:"a \"b\"" ~requires:[ "str" ] ~tags:[ "t" ] ~cons:[ "log>=2" ] "demo" in
  let (_ : Tenon.Manifest.t) = m in
  expect "defaults" (m.version = "1.0.0" && m.main = "demo" && m.author <> "" && m.date > 1e9);
  let back = Tenon.Manifest.of_string (Tenon.Manifest.to_string m) in
  expect "to and from a string" (Tenon.Manifest.compare { m with date = back.date } back = 0);
  (match Tenon.Manifest.of_string "((name x))" with
  | _ -> expect "a bad manifest" false
  | exception Tenon.Error _ -> ());
  Tenon.Manifest.update (fun m -> { m with desc = "mine" });
  expect "update" ((Tenon.Manifest.current ()).desc = "mine");
  Tenon.Manifest.switch m;
  expect "switch" ((Tenon.Manifest.current ()).name = "demo")

let fails f = match f () with _ -> false | exception Tenon.Error _ -> true

(* What C would cut off, or has no number for, is not taken for something else. *)
let texts () =
  let create ?date ?(desc = "") () = Tenon.Manifest.create ?date ~desc "demo" in
  let written m () = ignore (Tenon.Manifest.to_string m) in
  expect "NUL in a manifest" (fails (written (create ~desc:"a\000b" ())));
  expect "dates" (List.for_all (fun date -> fails (written (create ~date ()))) [ nan; infinity; 1e300 ]);
  expect "whole seconds"
    ((Tenon.Manifest.of_string (Tenon.Manifest.to_string (create ~date:1.75 ()))).date = 1.);
  let b = Tenon.Bundle.Builder.create () in
  Tenon.Bundle.Builder.put_file b "nowhere";
  expect "flush of what is not there" (fails (fun () -> Tenon.Bundle.Builder.flush b "texts.plugin"));
  let b = Tenon.Bundle.of_uri "texts.plugin" in
  expect "insert_file of what is not there" (fails (fun () -> Tenon.Bundle.insert_file b "nowhere"));
  expect "NUL in an entry" (fails (fun () -> Tenon.Bundle.insert_data b ~name:"a\000b" ~data:"x"));
  expect "nothing written" (not (Sys.file_exists "texts.plugin"));
  Tenon.Bundle.insert_data b ~name:"a" ~data:"x\000y";
  expect "NUL in data" (Tenon.Bundle.get_data b "a" = Some "x\000y");
  expect "NUL behind an entry" (Tenon.Bundle.get_data b "a\000b" = None);
  expect "NUL in a path" (fails (fun () -> Tenon.Plugin.of_path "texts.plugin\000b"));
  Sys.remove "texts.plugin"

let bundles () =
  let b = Tenon.Bundle.Builder.create () in
  Tenon.Bundle.Builder.embed_manifest b (Tenon.Manifest.create ~main:"unit" "made");
  Tenon.Bundle.Builder.put_file b "unit.cmxs";
  Tenon.Bundle.Builder.put_file ~name:"unit.cma" b "file:unit.cma";
  Tenon.Bundle.Builder.put_data b ~name:"data/words" ~data:"one two";
  expect "nothing before flush" (not (Sys.file_exists "made.plugin"));
  Tenon.Bundle.Builder.flush b "made.plugin";
  let b = Tenon.Bundle.of_uri "file:made.plugin" in
  expect "list" (List.sort compare (Tenon.Bundle.list b) = [ "data/words"; "unit.cma"; "unit.cmxs" ]);
  expect "manifest" ((Tenon.Bundle.manifest b).provides = [ "Unit" ]);
  expect "is_host" (not (Tenon.Bundle.is_host b) && Tenon.Bundle.is_host (Tenon.main_bundle ()));
  expect "get_data" (Tenon.Bundle.get_data b "words" = Some "one two" && Tenon.Bundle.get_data b "no" = None);
  expect "get_file" (Tenon.Bundle.get_file ~name:"out" b "data/words" = Some "out" && Sys.file_exists "out");
  Tenon.Bundle.update_manifest b ~f:(fun m -> { m with desc = "new" });
  expect "update_manifest" ((Tenon.Bundle.manifest (Tenon.Bundle.of_uri "made.plugin")).desc = "new");
  let before = Tenon.Bundle.digest b in
  Tenon.Bundle.insert_file ~name:"data/file" b "out";
  Tenon.Bundle.insert_files b [ (Some "data/more", "out"); (None, "out") ];
  Tenon.Bundle.insert_data b ~name:"data/x" ~data:"x";
  expect "digest" (before <> Tenon.Bundle.digest b);
  Tenon.Bundle.update b ~f:(function
    | "data/x" -> `Map String.uppercase_ascii
    | "data/more" -> `Proc (fun file -> let c = open_out file in output_string c "proc"; close_out c)
    | "out" -> `Drop
    | _ -> `Copy);
  let b = Tenon.Bundle.of_uri "made.plugin" in
  expect "update" (Tenon.Bundle.get_data b "data/x" = Some "X" && Tenon.Bundle.get_data b "data/more" = Some "proc"
                   && not (List.mem "out" (Tenon.Bundle.list b)));
  Tenon.Bundle.update b ~f:(function
    | "data/x" ->
      Tenon.Bundle.insert_data b ~name:"data/meanwhile" ~data:"m";
      `Map String.lowercase_ascii
    | _ -> `Copy);
  expect "inserted while updating"
    (Tenon.Bundle.get_data b "data/meanwhile" = Some "m" && Tenon.Bundle.get_data b "data/x" = Some "x");
  (match Tenon.Bundle.insert_data b ~name:"MANIFEST.scm" ~data:"()" with
  | () -> expect "a manifest is made, not inserted" false
  | exception Tenon.Error _ -> ());
  Tenon.Bundle.verify b;
  let c = open_out "bad.plugin" in
  output_string c "no bundle";
  close_out c;
  (match Tenon.Bundle.of_uri "bad.plugin" with
  | _ -> expect "a bad bundle" false
  | exception Tenon.Not_a_bundle _ -> ());
  Sys.remove "bad.plugin";
  Tenon.set_main_bundle b;
  expect "set_main_bundle" (Tenon.Bundle.path (Tenon.main_bundle ()) = "made.plugin")

let plugins () =
  let history = ref [] in
  Tenon.Plugins.on_event (fun e -> history := Tenon.Plugins.event_to_string e :: !history);
  let p = Tenon.Plugin.of_path "made" in
  expect "path" (Tenon.Plugin.path p = "made.plugin" && Tenon.Plugin.name p = "made");
  expect "desc" (Tenon.Plugin.desc p = "new" && (Tenon.Plugin.manifest p).main = "unit");
  expect "is_bundled" (Tenon.Plugin.is_bundled p && Tenon.Bundle.path (Tenon.Plugin.bundle p) = "made.plugin");
  expect "check" (List.for_all (fun (f : Tenon.finding) -> not f.refuses) (Tenon.Plugin.check p));
  let told = ref false in
  Tenon.Plugin.on_loaded p (fun () -> told := true);
  expect "with_context" (Tenon.Plugin.with_context p (fun () -> (Tenon.Manifest.current ()).name) = "made");
  expect "load" (Tenon.Plugin.load ~argv:[| "x" |] p = Ok ());
  expect "load again" (Tenon.Plugin.load p = Ok () && Tenon.Plugin.is_loaded p && !told);
  expect "argv" (Tenon.Plugin.argv () = [||]);
  expect "events" (List.rev !history
                   = [ "opening made.plugin"; "loading made"; "linking plugin \"made\""; "loaded made" ]);
  expect "a package" (not (Tenon.Plugin.is_bundled (Tenon.Plugin.of_package "str")))

let process () =
  let unit_ = List.find (fun (u : Tenon.Process.unit_) -> u.name = "Unit") (Tenon.Process.units ()) in
  expect "reason" (unit_.reason = Tenon.Process.Provided_by "made" && unit_.initialised);
  expect "in core"
    (List.exists (fun (u : Tenon.Process.unit_) -> u.reason = Tenon.Process.In_core) (Tenon.Process.units ()));
  expect "list_loaded_units" (List.mem "Unit" (Tenon.list_loaded_units ()));
  expect "record" (Tenon.Process.record () = None && Tenon.Process.packages () = []);
  Tenon.Process.prohibit [ "No_such_unit" ];
  Tenon.Process.offer ~version:3 "log"

let library () =
  Sys.mkdir "lib" 0o755;
  let put name tags cons =
    let b = Tenon.Bundle.Builder.create () in
    Tenon.Bundle.Builder.embed_manifest b (Tenon.Manifest.create ~main:name ~tags ~cons name);
    Tenon.Bundle.Builder.put_file b (name ^ ".cma");
    Tenon.Bundle.Builder.put_file b (name ^ ".cmxs");
    Tenon.Bundle.Builder.flush b ("lib/" ^ name ^ ".plugin")
  in
  put "one" [ "a"; "b" ] [];
  put "two" [ "b" ] [ "feature" ];
  put "three" [] [ "other" ];
  let names l = List.map Tenon.Plugin.name l in
  Tenon.Process.set_default_directory "nowhere";
  Tenon.Process.add_directory "lib";
  expect "path" (Tenon.Plugins.path ~library:[ "x" ] () = [ "x"; "lib"; "nowhere" ]);
  expect "list" (names (Tenon.Plugins.list ()) = [ "one"; "three"; "two" ]);
  expect "provides" (names (Tenon.Plugins.list ~provides:[ "b" ] ()) = [ "one"; "two" ]);
  expect "env" (names (Tenon.Plugins.list ~env:[ "feature" ] ()) = [ "one"; "two" ]);
  let told = ref false in
  Tenon.Plugins.on_loaded (fun () -> told := true);
  let calls = ref 0 in
  let load file = incr calls; if Dynlink.is_native then Dynlink.loadfile file else Dynlink.loadfile file in
  Tenon.setup_dynamic_loader load;
  (match Tenon.Plugins.load ~env:[ "feature" ] ~exclude:[ "three" ] () with
  | [ Ok _; Ok _ ] -> ()
  | _ -> expect "load" false);
  expect "an own loader" (!calls = 2 && !told);
  expect "load_all" (Tenon.Plugins.load_all (Tenon.Plugins.list ~provides:[ "b" ] ()) |> List.for_all Result.is_ok);
  Tenon.Plugins.run ~env:[ "feature"; "other" ] ();
  (* the default handler prints what happened, and leaves *)
  let c = open_out "lib/zz.plugin" in
  output_string c "no bundle";
  close_out c;
  print_endline "all";
  Tenon.Plugins.run ~don't_setup_handlers:true ();
  print_endline "handlers";
  Tenon.Plugins.run ();
  print_endline "not reached"

let () =
  Tenon.Process.set_cache (Filename.concat (Sys.getcwd ()) "cache");
  manifests ();
  texts ();
  bundles ();
  plugins ();
  process ();
  library ()
