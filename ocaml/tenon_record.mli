(** The host's own record of what it was linked with.

    A unit that the host's build generates ([tenon link]) hands its list over when it is
    initialised, so that it is there in native code, in every shape of bytecode, stripped or not,
    and in toplevels. *)

type unit_ = {
  name : string;  (** ["Stdlib__List"] *)
  interface : string option;  (** the CRC of its interface: 16 bytes *)
  implementation : string option;  (** the CRC of its native code; bytecode has none *)
  symbols : string list;  (** native code: prefixes of the symbols that it defines *)
}

type t = {
  native : bool;  (** the record of native code *)
  units : unit_ list;
  interfaces : (string * string) list;  (** interfaces that were seen, with their CRCs *)
  packages : string list;  (** findlib packages that were linked *)
  primitives : string list;  (** bytecode: C functions that the program has *)
}

val add : t -> unit
(** Called once, by the generated unit. *)

val get : unit -> t option
(** The record of this program; [None] when its build made none. *)
