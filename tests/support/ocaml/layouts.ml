(* Writes files as other releases lay them out, by this one's Marshal: the folder made/, and the
   values that lie in ELF files. *)

let crc = Digest.string
let some name = (name, Some (crc name))
let none name : string * Digest.t option = (name, None)

let write path pieces =
  let out = open_out_bin path in
  List.iter (output_string out) pieces;
  close_out out

let value v = Marshal.to_string v []
let word n = String.init 4 (fun i -> Char.chr (n lsr (8 * (3 - i)) land 255))
let file letter digits pieces path = write path (("Caml1999" ^ letter ^ digits) :: pieces)

(* 5.2 and later: units are strings *)
type reloc =
  | Literal of Obj.t
  | Get_unit of string
  | Get_predef of string
  | Set_unit of string
  | Primitive of string

type 'a unit_of = {
  name : string; pos : int; size : int; relocs : ('a * int) list;
  imports : (string * Digest.t option) list; required : string list; primitives : string list;
  force : bool; debug : int; debug_size : int;
}

let unit_53 name = {
  name; pos = 16; size = 4;
  relocs = [ (Literal (Obj.repr (1.5, 7L)), 0); (Get_unit "Stdlib", 1); (Get_unit "P.A", 1);
             (Get_predef "Not_found", 2); (Primitive "caml_poke", 3); (Set_unit name, 3) ];
  imports = [ some name; none "Alias"; some "Stdlib" ];
  required = [ "Stdlib"; "Other" ]; primitives = [ "caml_poke" ]; force = true; debug = 0;
  debug_size = 0;
}

type library = {
  units : reloc unit_of list; custom : bool; objects : string list; options : string list;
  dlls : string list;
}

(* 5.1 and later: an eleventh field *)
type info = {
  ui_name : string; symbol : string; defines : string list;
  cmi : (string * Digest.t option) list; cmx : (string * Digest.t option) list;
  curry : int list; apply : int list; send : int list; export : Obj.t; ui_force : bool;
  pack : string option;
}

let info_53 name = {
  ui_name = name; symbol = "P." ^ name; defines = [ "P." ^ name ]; cmi = [ some name; none "A" ];
  cmx = [ some "Stdlib"; none "Late" ]; curry = [ 2 ]; apply = [ 3 ]; send = [];
  export = Obj.repr (Some [ 1L ]); ui_force = false; pack = Some "P";
}

(* flambda: other letters in the magic number, and approximations under another tag; nobody but that
   compiler knows what is in them, so that here is something large and shared *)
type export = Closure of Obj.t | Flambda of (string * (int * string array) list) list

let flambda_53 name =
  let arrays = List.init 40 (fun i -> (i, Array.make 3 (String.make i 'x'))) in
  { (info_53 name) with
    export = Obj.repr (Flambda [ ("sets", arrays); ("again", arrays); ("none", []) ]); pack = None }

type native_library = { infos : (info * Digest.t) list; c : string list; o : string list }

type dynamic = {
  dname : string; dcrc : Digest.t; dcmi : (string * Digest.t option) list;
  dcmx : (string * Digest.t option) list; ddefines : string list;
}

let header = ("Caml1999D030",
  [ { dname = "Dep"; dcrc = crc "dep"; dcmi = [ some "Dep" ]; dcmx = [ some "Stdlib" ];
      ddefines = [ "Dep" ] };
    { dname = "Use"; dcrc = crc "use"; dcmi = [ some "Use"; some "Dep" ];
      dcmx = [ some "Dep"; none "Late" ]; ddefines = [ "Use" ] } ])

let map = [ ("Stdlib", Some (crc "i"), Some (crc "s"), [ "Stdlib" ]);
            ("Seen", Some (crc "seen"), None, []);
            ("Dep", Some (crc "Dep"), Some (crc "dep"), [ "Dep" ]) ]

(* a tree of globals: Node (left, key, slot, right, height) *)
type 'a tree = Empty | Node of 'a tree * 'a * int * 'a tree * int
type global = Unit of string | Predef of string
type ident = Local of string * int | Scoped of string * int * int | Global of string
           | Predefined of string * int

let _ = Local ("", 0), Scoped ("", 0, 0)

let tree a b c = Node (Node (Empty, a, 3, Empty, 1), b, 1, Node (Empty, c, 2, Empty, 1), 2)
let globals_53 = (4, tree (Unit "Dep") (Unit "Stdlib") (Predef "Not_found"))
let globals_413 = (4, tree (Global "Dep") (Global "Stdlib") (Predefined ("Not_found", 5)))
let crcs = [ some "Stdlib"; some "Dep"; none "Seen" ]

let sections path digits symb =
  let parts = [ ("CODE", "\000\000\000\000"); ("DLPT", "/opt/stubs\000"); ("DLLS", "dllunix\000");
                ("PRIM", "caml_a\000caml_b\000"); ("DATA", value [| 0 |]); ("SYMB", symb);
                ("CRCS", value crcs) ] in
  write path
    (("#!/usr/bin/ocamlrun\n" :: List.map snd parts)
     @ List.map (fun (name, bytes) -> name ^ word (String.length bytes)) parts
     @ [ word (List.length parts); "Caml1999X" ^ digits ])

let list_sections = [ ("SYMB", Obj.repr globals_413); ("PRIM", Obj.repr "caml_a\000");
                      ("CRCS", Obj.repr crcs) ]

(* a list that never ends, and a node of a tree that is its own left part *)
let rec endless = ("Again", None) :: endless
let rec deep = Node (deep, Unit "Dep", 1, Empty, 1)

type cell = { mutable next : cell; load : string }
let rec cycle = { next = cycle; load = "round" }

let () =
  Sys.mkdir "made" 0o755;
  let descriptor v = [ word 20; "CODE"; value v ] in
  file "O" "035" (descriptor (unit_53 "Made")) "made/cmo-5.3";
  file "A" "034"
    (descriptor { units = [ unit_53 "Made"; unit_53 "More" ]; custom = false;
                  objects = [ "-lb"; "-la" ]; options = []; dlls = [ "-lb"; "-la" ] })
    "made/cma-5.2";
  let info = "Caml1999Y033" ^ value (info_53 "Made") in
  write "made/cmx-5.1" [ info; Digest.string info ];
  let info = "Caml1999y034" ^ value (flambda_53 "Made") in
  write "made/cmx-flambda" [ info; Digest.string info ];
  file "z" "035"
    [ value { infos = [ (flambda_53 "Made", crc "made"); (flambda_53 "More", crc "more") ];
              c = [ "-la" ]; o = [ "-O" ] } ]
    "made/cmxa-flambda";
  file "Z" "035" [ value { infos = [ (info_53 "Made", crc "made") ]; c = [ "-la" ]; o = [ "-O" ] } ]
    "made/cmxa-5.3";
  (* a compressed signature: header of 10 bytes, 5 bytes that are nobody's business *)
  file "I" "035" [ "\132\149\166\189\010\005\006\001\001\001"; "zstd!"; value crcs; value [] ]
    "made/cmi-5.3";
  file "I" "035" [ value ("M", []); value (some "M" :: endless) ] "made/cmi-endless";
  sections "made/bytecode-deep" "035" (value (2, deep));
  sections "made/bytecode-5.3" "035" (value globals_53);
  sections "made/bytecode-4.13" "030" (value globals_413);
  write "value-header" [ value header ];
  write "value-map" [ value map ];
  write "value-sections" [ value list_sections ];
  write "value-array" [ value [| ("SYMB", Obj.repr globals_53); ("CRCS", Obj.repr crcs) |] ];
  write "made/marshal-shared" [ value (let s = "shared" in [ s; s; s ]) ];
  write "made/marshal-cycle" [ value cycle ];
  write "made/marshal-numbers"
    [ value (1.5, [| 1.5; 2.5 |], 7l, 8L, 9n, max_int, min_int, -200, 70000) ];
  write "made/marshal-list" [ value (List.init 300 (fun i -> string_of_int i)) ];
  write "made/marshal-long" [ value (String.make 300 'x', Array.make 300 'y') ];
  (* a code pointer, with a digest that is the same on every run *)
  write "made/marshal-function"
    [ "\132\149\166\190"; word 21; word 0; word 0; word 0; "\016"; word 4; String.make 16 'd' ];
  write "made/marshal-big" [ "\132\149\166\191\000\000\000\000"; String.make 7 '\000'; "\001";
                             String.make 8 '\000'; String.make 8 '\000'; "\065" ]
