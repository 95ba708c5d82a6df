type unit_ = {
  name : string;
  interface : string option;
  implementation : string option;
  symbols : string list;
}

type t = {
  native : bool;
  units : unit_ list;
  interfaces : (string * string) list;
  packages : string list;
  primitives : string list;
}

let record = ref None
let add r = record := Some r
let get () = !record
