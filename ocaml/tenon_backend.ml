(* tenon_backend.ml - one of OCaml's three loaders, as the rest sees it: a file goes in, or an
   exception comes out. What may be loaded was decided before. *)

type t = {
  loader : Tenon_c.loader;
  load : string -> unit;
  (* the C library of a bytecode archive, by its absolute path *)
  dynamic_units : unit -> string list;
  (* what the loader itself says is there *)
  loaded_units : unit -> string list;
  (* of these, what came after the program started: it is asked again and again *)
  program_units : unit -> string list option;
  restrict : [ `Allow_only of string list | `Prohibit of string list ] -> unit;
}

exception Load_failed of string

(* The globals of a program of bytecode, its units among them: 0, where none is there yet. Constants
   that fit no instruction are there, too, also numbers, but no small ones. What Dynlink brings comes
   behind. rule: runtime/meta.c, caml_get_global_data; bytecomp/symtable.ml,
   check_global_initialized; bytecomp/emitcode.ml, Kconst *)
external global_data : unit -> Obj.t = "caml_get_global_data"

let program_globals = if Dynlink.is_native then 0 else Obj.size (global_data ())

let absent_globals () =
  let globals = global_data () and absent = ref 0 in
  for i = 0 to program_globals - 1 do
    if Obj.field globals i == Obj.repr 0 then incr absent
  done;
  !absent

(* The digits of this release's magic numbers. rule: runtime/caml/exec.h, utils/config *)
let digits =
  Scanf.sscanf Sys.ocaml_version "%d.%d" (fun major minor ->
      match (major, minor) with
      | 4, m when m >= 8 && m <= 13 -> Printf.sprintf "%03d" (25 + m - 8)
      | 4, 14 -> "031"
      | 5, m -> Printf.sprintf "%03d" (32 + m)
      | _ -> "000")

(* When Dynlink is first used it forgets which units plugins may not use, and until 4.11 it knows no
   units before. So it is used as soon as this library is initialised, which is before the host's
   own modules are; in the toplevel it cannot be used, and says so. *)
let () =
  (try Dynlink.loadfile "/dev/null/none" with _ -> ());
  try Dynlink.allow_unsafe_modules true with _ -> ()

let dynlink =
  {
    loader = (if Dynlink.is_native then Tenon_c.Native_code else Tenon_c.Bytecode);
    load =
      (fun path ->
        try Dynlink.loadfile path
        with Dynlink.Error e -> (
          match e with
          | Dynlink.Library's_module_initializers_failed e -> raise e
          | e -> raise (Load_failed (Dynlink.error_message e))));
    dynamic_units = Dynlink.all_units;
    loaded_units = Dynlink.public_dynamically_loaded_units;
    program_units = (fun () -> Some (Dynlink.main_program_units ()));
    restrict =
      (fun r ->
        match r with
        | `Allow_only units -> Dynlink.allow_only units
        | `Prohibit units -> Dynlink.prohibit units);
  }

(* The interface for which Dynlink refuses a file. *)
let mismatch path =
  match Dynlink.loadfile path with
  | () -> None
  | exception Dynlink.Error (Dynlink.Inconsistent_import name) -> Some name
  | exception Dynlink.Error _ -> None

(* Does Dynlink refuse what refers to a unit that is not initialised yet, or not linked, as those of
   an archive are that come later? What is loaded privately is in none of its lists. *)
let refers_too_early path =
  match Dynlink.loadfile_private path with
  | () -> false
  | exception Dynlink.Error (Dynlink.Linking_error (_, (Dynlink.Uninitialized_global _ | Dynlink.Undefined_global _))) ->
    true
  | exception Dynlink.Error _ -> false

(* tenon_top.cma, which a toplevel links or loads, puts its own here *)
let current = ref dynlink
let set backend = current := backend
