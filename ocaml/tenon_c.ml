(* tenon_c.ml - libtenon as OCaml sees it: externals, nothing else *)

exception Error of int * string

let () = Callback.register_exception "tenon.error" (Error (0, ""))

type manifest = {
  name : string;
  version : string;
  desc : string;
  main : string;
  author : string;
  date : float;
  requires : string list;
  provides : string list;
  url : string option;
  license : string option;
  copyrights : string option;
  tags : string list;
  cons : string list;
  argv : string list;
}

external manifest_of_scm : string -> manifest = "tenon_ml_manifest_of_scm"
external manifest_to_scm : manifest -> string = "tenon_ml_manifest_to_scm"

type bundle

external bundle_open : string -> bundle = "tenon_ml_bundle_open"
external bundle_manifest : bundle -> manifest = "tenon_ml_bundle_manifest"
external bundle_name : bundle -> string = "tenon_ml_bundle_name"
external bundle_packages : bundle -> string list = "tenon_ml_bundle_packages"
external bundle_digest : bundle -> string = "tenon_ml_bundle_digest"
external bundle_entries : bundle -> string list = "tenon_ml_bundle_entries"
external bundle_read : bundle -> string -> string option = "tenon_ml_bundle_read"
external bundle_verify : bundle -> unit = "tenon_ml_bundle_verify"

type builder

(* in the order of enum tenon_code_kind *)
type code = Native | Library | Ocaml_native | Ocaml_byte

external builder_new : unit -> builder = "tenon_ml_builder_new"
external builder_from : builder -> bundle -> unit = "tenon_ml_builder_from"
external builder_set : builder -> string -> string option -> unit = "tenon_ml_builder_set"

external builder_add_code : builder -> string -> code -> string option -> unit
  = "tenon_ml_builder_add_code"

external builder_add_bytes : builder -> string -> string -> unit = "tenon_ml_builder_add_bytes"
external builder_drop : builder -> string -> bool = "tenon_ml_builder_drop"
external builder_write : builder -> string -> unit = "tenon_ml_builder_write"

type process

(* in the order of enum tenon_ocaml_loader *)
type loader = Native_code | Bytecode | Toplevel

(* name, interface, implementation, failed, reason, holder, plugin *)
(* Runs: its initialiser has not come to its end *)
type state = Runs | Up | Failed_to_run

type present =
  string * string option * string option * state * int * string * string option

external process_new : loader -> string -> process = "tenon_ml_process_new"

external process_bundle : process -> string -> bundle = "tenon_ml_process_bundle"

external tell : process -> string -> string option -> string option -> bool -> unit
  = "tenon_ml_tell"

external tell_interface : process -> string -> string option -> unit = "tenon_ml_tell_interface"
external tell_symbol : process -> string -> unit = "tenon_ml_tell_symbol"
external tell_mapped : process -> string list -> unit = "tenon_ml_tell_mapped"
external tell_program : process -> string -> unit = "tenon_ml_tell_program"
external use_probe : process -> unit = "tenon_ml_use_probe"
external use_start_probe : process -> bool -> unit = "tenon_ml_use_start_probe"
external use_run_probe : process -> unit = "tenon_ml_use_run_probe"
external use_interface_probe : process -> unit = "tenon_ml_use_interface_probe"

(* in the order of enum tenon_answer *)
type answer = No | Yes | Unknown

external prohibit : process -> string -> unit = "tenon_ml_prohibit"
external allow_only : process -> string list -> unit = "tenon_ml_allow_only"
external add_dll_directory : process -> string -> unit = "tenon_ml_add_dll_directory"
external use_dll_search : process -> unit = "tenon_ml_use_dll_search"
external set_directory : process -> int -> string -> unit = "tenon_ml_set_directory"
external set_ambiguous : process -> bool -> unit = "tenon_ml_set_ambiguous"
external offer : process -> string -> int -> unit = "tenon_ml_offer"
external present : process -> present array = "tenon_ml_present"
external present_count : process -> int = "tenon_ml_present_count"
external is_present : process -> string -> bool = "tenon_ml_is_present"

(* how often the process mapped an object; 0: its loader does not count *)
external mapped_count : unit -> int = "tenon_ml_mapped_count"

(* is it a unit that several sources should name? *)
external is_compared : string -> bool = "tenon_ml_is_compared"

(* are these the units that are there, as far as they are compared? *)
external has_just : process -> string list -> bool = "tenon_ml_has_just"
external list : process -> string list -> string list = "tenon_ml_list"

external search_path : process -> string list = "tenon_ml_search_path"

type global = string * string option * string option * string list

external globals_map : unit -> global list option = "tenon_ml_globals_map"

(* is that table in view of plugins? *)
external is_visible : unit -> bool = "tenon_ml_is_visible"

(* how many symbols of the table's have run; -1: nobody tells *)
external globals_inited : unit -> int = "tenon_ml_globals_inited"
external tell_globals : process -> global list -> unit = "tenon_ml_tell_globals"

type plan

(* in the order of enum tenon_plugin_status *)
type status = Planned | Loaded | Already | Refused | Failed

(* path, label, is_stubs, has_dlls *)
type step = string option * string * bool * bool

external plan : process -> (string * string list) array -> int -> plan = "tenon_ml_plan"

external plan_statuses : plan -> status array = "tenon_ml_plan_statuses"

(* by request: the number of the one that it is once more; -1: of none *)
external plan_repeats : plan -> int array = "tenon_ml_plan_repeats"

(* code, refuses, plugin, unit, message *)
external plan_findings : plan -> (string * bool * string option * string option * string) array
  = "tenon_ml_plan_findings"

(* by request: the digest of its bundle, as it was planned; "" of others *)
external plan_digest : plan -> int -> string = "tenon_ml_plan_digest"
external plan_ok : plan -> bool = "tenon_ml_plan_ok"
(* by step: the number of its plugin *)
external plan_owners : plan -> int array = "tenon_ml_plan_owners"
external plan_step : plan -> int -> step = "tenon_ml_plan_step"
external plan_step_units : plan -> int -> string list = "tenon_ml_plan_step_units"
external plan_step_interfaces : plan -> int -> (string * string) list
  = "tenon_ml_plan_step_interfaces"

external plan_take : plan -> int -> unit = "tenon_ml_plan_take"
external plan_check : plan -> int -> unit = "tenon_ml_plan_check"
external plan_is_current : plan -> int -> bool = "tenon_ml_plan_is_current"
external plan_begin : plan -> int -> unit = "tenon_ml_plan_begin"
external plan_withdraw : plan -> int -> unit = "tenon_ml_plan_withdraw"
external plan_done : plan -> int -> int -> unit = "tenon_ml_plan_done"
external plan_loaded : plan -> int -> unit = "tenon_ml_plan_loaded"
external plan_end : plan -> unit = "tenon_ml_plan_end"
external version : unit -> string = "tenon_ml_version"
external time : unit -> float = "tenon_ml_time"
