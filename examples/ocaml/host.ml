let load file =
  match Tenon.Plugin.(load ~argv:[| "host" |] (of_path file)) with
  | Ok () -> Printf.printf "loaded %s\n%!" file
  | Error reasons ->
    prerr_endline reasons;
    exit 1

let () = Array.iteri (fun i file -> if i > 0 then load file) Sys.argv
