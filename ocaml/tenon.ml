(* tenon.ml - the surface; decisions are libtenon's *)

exception Error of string
exception Not_a_bundle of string

let () =
  Printexc.register_printer (function
    | Error message -> Some ("Tenon.Error: " ^ message)
    | Not_a_bundle message -> Some ("Tenon.Not_a_bundle: " ^ message)
    | _ -> None)

let error format = Printf.ksprintf (fun message -> raise (Error message)) format

(* C's texts end at a NUL: one inside would be another text. *)
let text s = if String.contains s '\000' then error "'%s': a NUL byte in a text" (String.escaped s) else s

let guard f = try f () with Tenon_c.Error (_, message) -> raise (Error message)
let version = Tenon_c.version ()

(* enum tenon_code *)
let code_format = 4

let protect ~finally f =
  match f () with
  | v ->
    finally ();
    v
  | exception e ->
    let trace = Printexc.get_raw_backtrace () in
    finally ();
    Printexc.raise_with_backtrace e trace

(* ---- manifests ------------------------------------------------------------------------------- *)

module Manifest_value = struct
  type t = Tenon_c.manifest = {
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

  let default_author () =
    match Sys.getenv_opt "USER" with
    | Some "" | None -> "unknown"
    | Some user -> user

  let create ?author ?(version = "1.0.0") ?main ?date ?(desc = "description not provided")
      ?(requires = []) ?(provides = []) ?url ?license ?copyrights ?(tags = []) ?(cons = [])
      ?(argv = []) name =
    let or_else default = function
      | Some v -> v
      | None -> default ()
    in
    {
      name;
      version;
      desc;
      main = or_else (fun () -> name) main;
      author = or_else default_author author;
      date = or_else (fun () -> Tenon_c.time ()) date;
      requires;
      provides;
      url;
      license;
      copyrights;
      tags;
      cons;
      argv;
    }

  (* As C can keep it: no text is cut off, and seconds are whole. *)
  let kept m =
    let check s = ignore (text s) in
    List.iter check [ m.name; m.version; m.desc; m.main; m.author ];
    List.iter (Option.iter check) [ m.url; m.license; m.copyrights ];
    List.iter (List.iter check) [ m.requires; m.provides; m.tags; m.cons; m.argv ];
    (* nan is not less, either *)
    if not (Float.abs m.date < 0x1p53) then error "date: %g are no seconds since 1970" m.date;
    { m with date = Float.trunc m.date }

  let to_string m = guard (fun () -> Tenon_c.manifest_to_scm (kept m))
  let of_string text = guard (fun () -> Tenon_c.manifest_of_scm text)
  let compare (a : t) (b : t) = Stdlib.compare a b
end

(* ---- bundles ----------------------------------------------------------------------------------- *)

type bundle = {
  file : string;
  mutable contents : Tenon_c.bundle option; (* None: it is not made yet *)
  mutable said : Manifest_value.t option; (* by Manifest.update *)
  mutable read : Manifest_value.t option; (* of the contents *)
  host : bool;
}

let path_of_uri uri =
  let uri = text uri in
  let prefixed prefix =
    let n = String.length prefix in
    if String.length uri >= n && String.sub uri 0 n = prefix then
      Some (String.sub uri n (String.length uri - n))
    else None
  in
  match prefixed "file://" with
  | Some path -> path
  | None -> (
    match prefixed "file:" with
    | Some path -> path
    | None -> uri)

(* Plugins are opened through the process, which remembers their files. *)
let open_contents ?(by = Tenon_c.bundle_open) file =
  try by file with
  | Tenon_c.Error (code, message) when code >= code_format -> raise (Not_a_bundle message)
  | Tenon_c.Error (_, message) -> raise (Error message)

let bundle_at ?by ?(there = false) ~host file =
  {
    file;
    contents = (if there || Sys.file_exists file then Some (open_contents ?by file) else None);
    said = None;
    read = None;
    host;
  }

let read_file file =
  let channel = open_in_bin file in
  protect
    ~finally:(fun () -> close_in channel)
    (fun () -> really_input_string channel (in_channel_length channel))

(* Of a file that somebody named. *)
let content_of file = try read_file file with Sys_error message -> raise (Error message)

let write_file file text =
  let channel = open_out_bin file in
  protect ~finally:(fun () -> close_out channel) (fun () -> output_string channel text)

let with_temporary suffix text f =
  let file = Filename.temp_file "tenon" suffix in
  protect
    ~finally:(fun () -> try Sys.remove file with Sys_error _ -> ())
    (fun () ->
      write_file file text;
      f file)

(* Which kind of code a name says that an entry is; None: a resource. *)
let code_kind name =
  let base = Filename.basename name in
  let begins = String.length base > 3 && String.sub base 0 3 = "dll" in
  if Filename.check_suffix name ".cmxs" then Some Tenon_c.Ocaml_native
  else if Filename.check_suffix name ".cma" then Some Tenon_c.Ocaml_byte
  else if begins && Filename.check_suffix name ".so" then Some Tenon_c.Library
  else None

let set_manifest builder m =
  let m : Manifest_value.t = Manifest_value.kept m in
  let set key value = Tenon_c.builder_set builder key value in
  let set_list key values =
    set key None;
    List.iter (fun v -> if v <> "" then set key (Some v)) values
  in
  set "name" (Some m.name);
  set "version" (Some m.version);
  set "desc" (Some m.desc);
  set "main" (Some m.main);
  set "author" (Some m.author);
  set "date" (Some (Printf.sprintf "%.0f" m.date));
  set "url" m.url;
  set "license" m.license;
  set "copyrights" m.copyrights;
  set_list "packages" m.requires;
  set_list "tags" m.tags;
  set_list "cons" m.cons;
  set_list "argv" m.argv

let is_manifest entry = entry = "MANIFEST.scm" || entry = "tenon.json"

let put builder name data =
  ignore (Tenon_c.builder_drop builder (text name));
  match code_kind name with
  | None -> Tenon_c.builder_add_bytes builder name data
  | Some kind ->
    with_temporary ("-" ^ Filename.basename name) data (fun file ->
        Tenon_c.builder_add_code builder file kind (Some (Filename.basename name)))

let fresh_manifest file =
  Manifest_value.create ~date:0.
    (String.map
       (function
         | ('a' .. 'z' | 'A' .. 'Z' | '0' .. '9' | '-' | '_' | '.' | '+') as c -> c
         | _ -> '-')
       (Filename.remove_extension (Filename.basename file)))

module Bundle_value = struct
  type t = bundle

  let of_uri uri = bundle_at ~host:false (path_of_uri uri)
  let path b = b.file
  let is_host b = b.host

  let manifest b =
    match (b.said, b.read, b.contents) with
    | Some m, _, _ | None, Some m, _ -> m
    | None, None, Some c ->
      let m = guard (fun () -> Tenon_c.bundle_manifest c) in
      b.read <- Some m;
      m
    | None, None, None -> fresh_manifest b.file

  (* The same when somebody asks for it: what it is now, not what it will be then. *)
  let manifest_later b =
    match (b.said, b.read, b.contents) with
    | None, None, Some c -> lazy (guard (fun () -> Tenon_c.bundle_manifest c))
    | _ -> Lazy.from_val (manifest b)

  let packages b =
    match (b.said, b.contents) with
    | None, Some c -> Tenon_c.bundle_packages c
    | _ -> (manifest b).requires

  let list b =
    match b.contents with
    | None -> []
    | Some c -> List.filter (fun e -> not (is_manifest e)) (Tenon_c.bundle_entries c)

  let get_data b name =
    match b.contents with
    | None -> None
    | Some _ when String.contains name '\000' -> None
    | Some c ->
      guard (fun () ->
          match Tenon_c.bundle_read c name with
          | Some _ as found -> found
          | None -> Tenon_c.bundle_read c ("data/" ^ name))

  let get_file ?name b uri =
    let entry = path_of_uri uri in
    match get_data b entry with
    | None -> None
    | Some data ->
      let file =
        match name with
        | Some name -> path_of_uri name
        | None -> Filename.temp_file "tenon" ("-" ^ Filename.basename entry)
      in
      write_file file data;
      Some file

  (* One change: everything is read, changed and written anew, in place of the old file. *)
  let change b f =
    guard (fun () ->
        let builder = Tenon_c.builder_new () in
        (match b.contents with
        | Some c -> Tenon_c.builder_from builder c
        | None -> set_manifest builder (manifest b));
        f builder;
        Tenon_c.builder_write builder b.file;
        b.contents <- Some (Tenon_c.bundle_open b.file);
        b.read <- None)

  let update_manifest b ~f =
    let m = f (manifest b) in
    change b (fun builder -> set_manifest builder m);
    b.said <- None

  let insert_files b files =
    change b (fun builder ->
        List.iter
          (fun (name, uri) ->
            let file = path_of_uri uri in
            let name = match name with Some n -> n | None -> Filename.basename file in
            put builder name (content_of file))
          files)

  let insert_file ?name b uri = insert_files b [ (name, uri) ]
  let insert_data b ~name ~data = change b (fun builder -> put builder name data)

  let process_file entry data work =
    with_temporary ("-" ^ Filename.basename entry) data (fun file ->
        work file;
        read_file file)

  (* What [f] and its functions put in meanwhile stays: all are asked before anything is changed. *)
  let update b ~f =
    let answer entry =
      let data () =
        match get_data b entry with
        | Some data -> data
        | None -> error "no entry %s" entry
      in
      match f entry with
      | `Copy -> None
      | `Drop -> Some (entry, None)
      | `Map work -> Some (entry, Some (work (data ())))
      | `Proc work -> Some (entry, Some (process_file entry (data ()) work))
    in
    let carry_out builder = function
      | entry, Some data -> put builder entry data
      | entry, None -> ignore (Tenon_c.builder_drop builder entry)
    in
    let answers = List.filter_map answer (list b) in
    change b (fun builder -> List.iter (carry_out builder) answers)

  let digest b =
    match b.contents with
    | None -> Digest.string ""
    | Some c -> Digest.string (Tenon_c.bundle_digest c)

  let verify b =
    match b.contents with
    | None -> error "%s: not there" b.file
    | Some c -> guard (fun () -> Tenon_c.bundle_verify c)

  module Builder = struct
    type part = File of string * string | Data of string * string

    type t = {
      mutable parts : part list; (* newest first *)
      mutable manifest : Manifest_value.t option;
    }

    let create () = { parts = []; manifest = None }

    let put_file ?name b uri =
      let file = path_of_uri uri in
      let name = match name with Some n -> n | None -> Filename.basename file in
      b.parts <- File (name, file) :: b.parts

    let put_data b ~name ~data = b.parts <- Data (name, data) :: b.parts
    let embed_manifest b m = b.manifest <- Some m

    let flush b uri =
      let file = path_of_uri uri in
      guard (fun () ->
          let builder = Tenon_c.builder_new () in
          set_manifest builder
            (match b.manifest with Some m -> m | None -> fresh_manifest file);
          List.iter
            (function
              | File (name, from) -> put builder name (content_of from)
              | Data (name, data) -> put builder name data)
            (List.rev b.parts);
          Tenon_c.builder_write builder file)
  end
end

(* ---- whose code runs ------------------------------------------------------------------------- *)

type context = {
  of_bundle : bundle option;
  mutable is : Manifest_value.t Lazy.t;
  arguments : string array;
}

let program_bundle = ref None
let contexts : context list ref = ref []

let program_name () = Filename.remove_extension (Filename.basename Sys.executable_name)

let host_bundle () =
  match !program_bundle with
  | Some b -> b
  | None ->
    let b = bundle_at ~host:true (program_name () ^ ".bundle") in
    program_bundle := Some b;
    b

let set_main_bundle b =
  program_bundle := Some { b with host = true }

let main_bundle () =
  match !contexts with
  | { of_bundle = Some b; _ } :: _ -> b
  | _ -> host_bundle ()

module Manifest = struct
  include Manifest_value

  let current () =
    match !contexts with
    | context :: _ -> Lazy.force context.is
    | [] -> Bundle_value.manifest (host_bundle ())

  let update f =
    match !contexts with
    | context :: _ -> context.is <- Lazy.from_val (f (Lazy.force context.is))
    | [] ->
      let b = host_bundle () in
      b.said <- Some (f (Bundle_value.manifest b))

  let switch m = update (fun _ -> m)
end

module Bundle = Bundle_value

let within context f =
  let before = !contexts in
  contexts := context :: before;
  protect ~finally:(fun () -> contexts := before) f

(* ---- archives of bytecode ---------------------------------------------------------------------- *)

(* rule: file_formats/cmo_format.mli: library = units, custom, C objects, options, DLLs. The files
   were read and checked by libtenon before: their descriptors may be unmarshalled. *)
let archive_magic () = "Caml1999A" ^ Tenon_backend.digits

let write_archive file ~code ~(library : Obj.t) =
  let channel = open_out_bin file in
  protect
    ~finally:(fun () -> close_out channel)
    (fun () ->
      output_string channel (archive_magic ());
      output_binary_int channel (16 + String.length code);
      output_string channel code;
      output_value channel library)

(* An archive that holds nothing but the wish to open one C library. *)
let stubs_archive file ~path =
  let library = Obj.new_block 0 5 in
  let set i v = Obj.set_field library i v in
  set 0 (Obj.repr 0);
  set 1 (Obj.repr false);
  set 2 (Obj.repr 0);
  set 3 (Obj.repr 0);
  set 4 (Obj.repr [ path ]);
  write_archive file ~code:"" ~library

(* The same archive without its wishes: they were opened before, by path. *)
let quiet_archive file ~path =
  let text = read_file path in
  let at = (Char.code text.[12] lsl 24) lor (Char.code text.[13] lsl 16)
           lor (Char.code text.[14] lsl 8) lor Char.code text.[15] in
  let library : Obj.t = Marshal.from_string text at in
  Obj.set_field library 4 (Obj.repr 0);
  write_archive file ~code:(String.sub text 16 (at - 16)) ~library

(* The units of an archive that the toplevel would load as well. [] : it is none of this release. *)
let units_of_archive path =
  let channel = open_in_bin path in
  protect
    ~finally:(fun () -> close_in channel)
    (fun () ->
      if really_input_string channel 12 <> archive_magic () then []
      else begin
        seek_in channel (input_binary_int channel);
        let library : Obj.t = input_value channel in
        List.map (fun (u : Obj.t) : string -> Obj.obj (Obj.field u 0)) (Obj.obj (Obj.field library 0))
      end)

(* What the toplevel keeps to itself: with which interface a module came that was loaded into it. A
   unit without code that imports that interface is refused when it is another one, and changes
   nothing when it is the same. rule: toplevel/topdirs.ml, toplevel/byte/topeval.ml:
   check_consistency comes first *)
let probe_archive file ~code ~relocations ~imports =
  let at = 16 in
  let unit_ =
    Obj.repr [| Obj.repr "Tenon_probe"; Obj.repr at; Obj.repr (String.length code);
                Obj.repr relocations; Obj.repr imports; Obj.repr 0; Obj.repr 0; Obj.repr false;
                Obj.repr 0; Obj.repr 0 |]
  in
  let library = Obj.repr [| Obj.repr [ unit_ ]; Obj.repr false; Obj.repr 0; Obj.repr 0; Obj.repr 0 |] in
  write_archive file ~code ~library

let interface_archive file ~imports =
  probe_archive file ~code:"" ~relocations:[]
    ~imports:(List.map (fun (name, crc) -> (name, Some crc)) imports)

(* Which units are linked it does not tell either, whether their interfaces are in view or not. A
   unit whose code names another one, and does nothing with it, is refused when that is not linked.
   rule: bytecomp/symtable.ml, patch_object; file_formats/cmo_format.mli: Reloc_getglobal (from 5.2
   on Reloc_getcompunit) is block tag 1; typing/ident.ml: a unit is block tag 2 with its name;
   runtime/caml/instruct.h: GETGLOBAL *)
let get_global = 53

let reference_to name =
  let block tag fields =
    let b = Obj.new_block tag (List.length fields) in
    List.iteri (Obj.set_field b) fields;
    b
  in
  let by_name = Scanf.sscanf Sys.ocaml_version "%d.%d" (fun major minor -> (major, minor) >= (5, 2)) in
  let whom = if by_name then Obj.repr name else block 2 [ Obj.repr name ] in
  block 1 [ whom ]

let reference_archive file ~name =
  let word = String.make 3 '\000' in
  let code = String.make 1 (Char.chr get_global) ^ word ^ String.make 1 '\000' ^ word in
  probe_archive file ~code ~relocations:[ (reference_to name, 4) ] ~imports:[]

let contains text part =
  let n = String.length part in
  let rec at i = i + n <= String.length text && (String.sub text i n = part || at (i + 1)) in
  at 0

(* Has the initialiser of a linked unit run to its end? Its global is the number 0 until then. A unit
   whose code divides by zero when it is. rule: bytecomp/symtable.ml, update_global_table: the
   table grows before the code runs; runtime/meta.c, caml_realloc_global; runtime/caml/instruct.h:
   numbers, and jumps from the word that has the distance *)
let branch_if = 85
let push = 9
let divide = 113

let value_archive file ~name =
  let word n = String.make 1 (Char.chr n) ^ String.make 3 '\000' in
  let code = String.concat "" (List.map word [ get_global; 0; branch_if; 3; push; divide ]) in
  probe_archive file ~code ~relocations:[ (reference_to name, 4) ] ~imports:[]

let ask_interface load name crc =
  with_temporary ".cma" "" (fun file ->
      interface_archive file ~imports:[ (name, crc) ];
      match load file with
      | () -> Tenon_c.Yes
      | exception Tenon_backend.Load_failed said when contains said "over interface" -> Tenon_c.No
      | exception _ -> Tenon_c.Unknown)

(* Dynlink would list the unit as loaded. So it imports an interface, too, that never fits: what is
   refused is forgotten. rule: otherlibs/dynlink/dynlink_common.ml, check: interfaces are looked at
   in the order of the imports, before anything else is done with a unit *)
let find_mismatch imports =
  with_temporary ".cma" "" (fun file ->
      interface_archive file ~imports:(imports @ [ ("Stdlib", Digest.string "never") ]);
      Tenon_backend.mismatch file)

let ask_dynlink name crc =
  match find_mismatch [ (name, crc) ] with
  | Some found when found = name -> Tenon_c.No
  | Some "Stdlib" -> Tenon_c.Yes
  | _ -> Tenon_c.Unknown

(* The toplevel prints exceptions of initialisers, whatever they say, as such.
   rule: toplevel/toploop.ml, print_exception_outcome *)
let is_of_initialiser said = contains said "Exception:"

(* Symtable.Error is the toplevel's own: which releases print it before they raise it differs. *)
let says_undefined = function
  | Tenon_backend.Load_failed said -> contains said "undefined" && not (is_of_initialiser said)
  | e -> contains (Printexc.exn_slot_name e) "Symtable"

(* Where it cannot be asked, the unit counts as linked: nothing is doubled. *)
let ask_linked load name =
  match
    with_temporary ".cma" "" (fun file ->
        reference_archive file ~name;
        load file)
  with
  | () -> true
  | exception ((Out_of_memory | Stack_overflow | Sys.Break) as raised) -> raise raised
  | exception e -> not (says_undefined e)

let has_run_toplevel load name =
  match
    with_temporary ".cma" "" (fun file ->
        value_archive file ~name;
        load file)
  with
  | () -> true
  | exception Tenon_backend.Load_failed said when is_of_initialiser said -> false
  | exception ((Out_of_memory | Stack_overflow | Sys.Break) as raised) -> raise raised
  (* of a file that is being loaded, the units to come are not linked yet *)
  | exception e -> not (says_undefined e)

(* ---- this process -------------------------------------------------------------------------------- *)

type loader = [ `Native | `Bytecode | `Toplevel ]

let loader () =
  match !Tenon_backend.current.loader with
  | Tenon_c.Native_code -> `Native
  | Tenon_c.Bytecode -> `Bytecode
  | Tenon_c.Toplevel -> `Toplevel

module Names = Set.Make (String)

(* What the program itself says that it holds. *)
let tell_native process =
  match Tenon_c.globals_map () with
  | None -> error "this program has no table of its units (caml_globals_map): link it with -Wl,-E"
  | Some _ when not (Tenon_c.is_visible ()) ->
    error
      "plugins cannot see the symbols of this program: the library that holds it was opened without \
       RTLD_GLOBAL"
  | Some globals -> Tenon_c.tell_globals process globals

let tell_record process (record : Tenon_record.t) =
  List.iter (fun (name, crc) -> Tenon_c.tell_interface process name (Some crc)) record.interfaces;
  List.iter
    (fun (u : Tenon_record.unit_) ->
      Tenon_c.tell process u.name u.interface u.implementation false;
      List.iter (Tenon_c.tell_symbol process) u.symbols)
    record.units

(* A program of bytecode says what it holds in its file; stripped of that, in our record. *)
let tell_bytecode process =
  try Tenon_c.tell_program process Sys.executable_name
  with Tenon_c.Error (_, message) -> (
    match Tenon_record.get () with
    | Some record when not record.native -> tell_record process record
    | _ ->
      error "%s; link the program with \"tenon link\", which puts a record of its units into it"
        message)

let tell_difference process ~others whose other =
  let named names = Names.of_list (List.filter Tenon_c.is_compared names) in
  let ours =
    named (List.map (fun (name, _, _, _, _, _, _) -> name) (Array.to_list (Tenon_c.present process)))
  and theirs = named others in
  let only who names =
    if Names.is_empty names then []
    else [ Printf.sprintf "only %s has %s" who (String.concat ", " (Names.elements names)) ]
  in
  error "%s and %s disagree about the units of this program: %s" whose other
    (String.concat "; " (only other (Names.diff theirs ours) @ only whose (Names.diff ours theirs)))

(* What the program says is held against what its loader and its record say. *)
let compare_units process ~others ~whose ~other =
  if not (Tenon_c.has_just process others) then tell_difference process ~others whose other

let split_path text = String.split_on_char ':' text |> List.filter (( <> ) "")

(* What ld.conf lists. To find it, findlib reads its configuration. *)
let system_dll_directories () =
  let lines file =
    try
      String.split_on_char '\n' (read_file file)
      |> List.map String.trim
      |> List.filter (( <> ) "")
    with Sys_error _ -> []
  in
  let stdlib =
    try Findlib.ocaml_stdlib () with
    | (Out_of_memory | Sys.Break) as raised -> raise raised
    | _ -> ""
  in
  let relative dir = if Filename.is_relative dir then Filename.concat stdlib dir else dir in
  if stdlib = "" then [] else List.map relative (lines (Filename.concat stdlib "ld.conf"))

(* ---- hosts that load plugins while they start ---- *)

(* Native code: by name, how many symbols of the table have run when the unit has.
   rule: otherlibs/dynlink/native/dynlink.ml, fold_initial_units *)
let ranks =
  lazy
    (let table = Hashtbl.create 64 and rank = ref 0 in
     List.iter
       (fun (name, _, _, symbols) ->
         rank := !rank + List.length symbols;
         Hashtbl.replace table name !rank)
       (Option.value ~default:[] (Tenon_c.globals_map ()));
     table)

let started = Hashtbl.create 16

(* Bytecode: Dynlink is asked, once for each unit that has run. *)
let has_started_bytecode name =
  Hashtbl.mem started name
  || with_temporary ".cma" "" (fun file ->
         reference_archive file ~name;
         let up = not (Tenon_backend.refers_too_early file) in
         if up then Hashtbl.replace started name ();
         up)

let has_started name =
  if Dynlink.is_native then
    let inited = Tenon_c.globals_inited () in
    match Hashtbl.find_opt (Lazy.force ranks) name with
    | Some rank -> inited < 0 || rank <= inited
    | None -> true
  else has_started_bytecode name

(* The units of the files that are being loaded, the innermost first. *)
let running : string list Lazy.t list ref = ref []

(* Of a unit that others loaded, or that is being loaded: has its initialiser run to its end? Native
   Dynlink tells nobody, and refuses later. But the last unit of a file that is being loaded has
   not. *)
let has_run name =
  match (!Tenon_backend.current).Tenon_backend.loader with
  | Tenon_c.Native_code ->
    let ends (lazy units) =
      match List.rev units with
      | last :: _ -> last = name
      | [] -> false
    in
    not (List.exists ends !running)
  | Tenon_c.Bytecode -> has_started_bytecode name
  | Tenon_c.Toplevel -> has_run_toplevel (!Tenon_backend.current).Tenon_backend.load name

(* The unit that runs now, and Std_exit, which runs last, have no global of their own yet. *)
let usual_absent = 2

let is_starting () =
  match (!Tenon_backend.current).Tenon_backend.loader with
  | Tenon_c.Native_code -> true
  | Tenon_c.Bytecode -> Tenon_backend.absent_globals () > usual_absent
  | Tenon_c.Toplevel -> false

let the_process = ref None

let make_process () =
  let backend = !Tenon_backend.current in
  let process = Tenon_c.process_new backend.loader Tenon_backend.digits in
  (match backend.loader with
  | Tenon_c.Native_code -> tell_native process
  | Tenon_c.Bytecode -> tell_bytecode process
  | Tenon_c.Toplevel -> (
    (* what the image holds; without it the toplevel still answers for each name *)
    try Tenon_c.tell_program process Sys.executable_name with Tenon_c.Error _ -> ()));
  (match backend.program_units () with
  | Some others -> compare_units process ~others ~whose:"its own table" ~other:"Dynlink"
  | None -> ());
  (match Tenon_record.get () with
  | Some r when backend.loader <> Tenon_c.Toplevel && r.native = Dynlink.is_native ->
    let others = List.map (fun (u : Tenon_record.unit_) -> u.name) r.units in
    compare_units process ~others ~whose:"its own table" ~other:"its record"
  | _ -> ());
  if backend.loader = Tenon_c.Toplevel then begin
    Callback.register "tenon.probe" (ask_linked backend.load);
    Tenon_c.use_probe process;
    Callback.register "tenon.interface_probe" (ask_interface backend.load)
  end;
  if backend.loader = Tenon_c.Bytecode then Callback.register "tenon.interface_probe" ask_dynlink;
  Callback.register "tenon.start_probe" has_started;
  Callback.register "tenon.run_probe" has_run;
  Tenon_c.use_run_probe process;
  if backend.loader <> Tenon_c.Native_code then Tenon_c.use_interface_probe process;
  if backend.loader <> Tenon_c.Native_code then begin
    (match Sys.getenv_opt "CAML_LD_LIBRARY_PATH" with
    | Some text -> List.iter (Tenon_c.add_dll_directory process) (split_path text)
    | None -> ());
    Callback.register "tenon.dll_search" system_dll_directories;
    Tenon_c.use_dll_search process
  end;
  process

let process () =
  match !the_process with
  | Some p -> p
  | None ->
    let p = guard make_process in
    the_process := Some p;
    p

(* How many units more Dynlink loaded than we know: the same, as long as nobody but us loads. *)
let unseen = ref 0

(* Has somebody else loaded anything? *)
let others_came = ref false

let count_unseen process =
  List.length ((!Tenon_backend.current).Tenon_backend.loaded_units ()) - Tenon_c.present_count process

(* What somebody else loaded since we looked. Dynlink tells no more than names. *)
let look process =
  let backend = !Tenon_backend.current in
  let is_new name = not (Tenon_c.is_present process name) in
  (match List.filter is_new (backend.dynamic_units ()) with
  | [] -> ()
  | names ->
    others_came := true;
    if backend.loader = Tenon_c.Native_code then Tenon_c.tell_mapped process names;
    List.iter (fun name -> if is_new name then Tenon_c.tell process name None None true) names);
  unseen := count_unseen process

(* How often an object had been mapped when we last looked. *)
let mapped = ref 0

(* The same between the steps of a plan, where it is mostly nothing. In native code whatever Dynlink
   loads is an object, and their count costs less than its list. *)
let look_again process =
  let now = if Dynlink.is_native then Tenon_c.mapped_count () else 0 in
  if now = 0 || now <> !mapped then begin
    if count_unseen process <> !unseen then look process;
    mapped := now
  end

(* After a step, which is an object itself: more than it, its initialisers have brought. *)
let saw_step () = if Tenon_c.mapped_count () = !mapped + 1 then incr mapped

module Process = struct
  type reason = In_core | Provided_by of string | Requested_by of string | By_others

  type unit_ = {
    name : string;
    interface : Digest.t option;
    implementation : Digest.t option;
    initialised : bool;
    reason : reason;
    holder : string;
  }

  let reason_of number plugin =
    match number with
    | 0 -> In_core
    | 1 -> Provided_by plugin
    | 2 -> Requested_by plugin
    | _ -> By_others

  let is_up name state reason =
    match state with
    | Tenon_c.Up -> reason <> By_others || has_run name
    | Tenon_c.Runs -> loader () <> `Native && has_run name
    | Tenon_c.Failed_to_run -> false

  let units () =
    let p = process () in
    look p;
    Tenon_c.present p |> Array.to_list
    |> List.map (fun (name, interface, implementation, state, reason, holder, plugin) ->
           let plugin = match plugin with Some p -> p | None -> "" in
           {
             name;
             interface;
             implementation;
             initialised = is_up name state (reason_of reason plugin);
             reason = reason_of reason plugin;
             holder;
           })

  let record = Tenon_record.get

  (* as long as we recorded none *)
  let recorded = lazy (try Findlib.recorded_packages Findlib.Record_core with _ -> [])

  let packages () =
    match Tenon_record.get () with
    | Some r when r.packages <> [] -> r.packages
    | _ -> Lazy.force recorded

  let allow_only units =
    guard (fun () -> Tenon_c.allow_only (process ()) units);
    !Tenon_backend.current.restrict (`Allow_only units)

  let prohibit units =
    guard (fun () -> List.iter (Tenon_c.prohibit (process ())) units);
    !Tenon_backend.current.restrict (`Prohibit units)

  let offer ?(version = 0) name = guard (fun () -> Tenon_c.offer (process ()) name version)
  let add_directory dir = guard (fun () -> Tenon_c.set_directory (process ()) 0 dir)
  let set_default_directory dir = guard (fun () -> Tenon_c.set_directory (process ()) 1 dir)
  let set_cache dir = guard (fun () -> Tenon_c.set_directory (process ()) 2 dir)
  let refuse_ambiguous refuse = guard (fun () -> Tenon_c.set_ambiguous (process ()) refuse)
end

let list_loaded_units () = List.map (fun (u : Process.unit_) -> u.name) (Process.units ())

let setup_dynamic_loader load =
  Tenon_backend.set { !Tenon_backend.current with Tenon_backend.load }

(* ---- loading one file ---- *)

let load_file (path, label, is_stubs, has_dlls) =
  let load = !Tenon_backend.current.Tenon_backend.load in
  match path with
  | None -> error "%s was not taken out" label
  | Some path when is_stubs ->
    with_temporary ".cma" "" (fun file ->
        stubs_archive file ~path;
        load file)
  | Some path when has_dlls ->
    with_temporary ".cma" "" (fun file ->
        quiet_archive file ~path;
        load file)
  | Some path -> load path

(* ---- plugins ------------------------------------------------------------------------------------- *)

type finding = {
  code : string;
  refuses : bool;
  plugin : string option;
  unit_ : string option;
  message : string;
}

type source = Bundled of bundle | Package of { archives : string list Lazy.t; desc : string }

type plugin = {
  plugin_path : string;
  mutable plugin_name : string; (* of its bundle, which may be replaced until it is loaded *)
  source : source;
  mutable given : string array; (* arguments, when it was loaded *)
  mutable loaded : bool;
  mutable waiting : (unit -> unit) list;
}

type event =
  [ `Opening of string
  | `Loading of plugin
  | `Linking of string
  | `Loaded of plugin
  | `Errored of string * string ]

(* Functions of the program: each is called, whatever others raise; the first of that goes on. *)
let call_all functions =
  let call first f =
    match f () with
    | () -> first
    | exception e -> (
      match first with
      | None -> Some (e, Printexc.get_raw_backtrace ())
      | some -> some)
  in
  match List.fold_left call None functions with
  | None -> ()
  | Some (e, trace) -> Printexc.raise_with_backtrace e trace

let handlers : (event -> unit) list ref = ref []
let tell event = call_all (List.rev_map (fun f () -> f event) !handlers)

(* ---- what findlib knows ---- *)

let code_predicate () =
  match loader () with
  | `Native -> "native"
  | `Bytecode | `Toplevel -> "byte"

let is_static file = Filename.check_suffix file ".cmxa"

let words_of text =
  String.split_on_char ' ' (String.map (function ',' | '\t' | '\n' -> ' ' | c -> c) text)
  |> List.filter (( <> ) "")

let is_installed p = try ignore (Findlib.package_directory p); true with _ -> false

let requires_of predicates package =
  try words_of (Findlib.package_property predicates package "requires") with _ -> []

(* The archives of one package: `plugin', else what an archive is called that can be loaded, else
   what programs are linked with: what it holds must be there, and where it is not that is told. *)
let archives_of package =
  let directory = Findlib.package_directory package in
  let predicates = [ "plugin"; code_predicate (); "mt"; "mt_posix" ] in
  let property name predicates =
    try Some (Findlib.package_property predicates package name) with Not_found -> None
  in
  let text =
    match property "plugin" (List.tl predicates) with
    | Some text -> Some text
    | None -> property "archive" predicates
  in
  let suffix = if code_predicate () = "native" then ".cmxs" else ".cma" in
  match text with
  | None -> []
  | Some text ->
    words_of text
    |> List.map (fun f ->
           let f = Findlib.resolve_path ~base:directory f in
           (* META that names .cmxa only: the plugin beside it, when there is one *)
           let plugin = Filename.remove_extension f ^ suffix in
           if is_static f && Sys.file_exists plugin then plugin else f)
    |> List.filter (fun f ->
           (Filename.check_suffix f suffix || is_static f) && Sys.file_exists f)

(* What is not installed is left out, and no others for it: it may be in the bundle, or not needed.
   What is required comes first. *)
let closure packages =
  let predicates = [ "plugin"; code_predicate (); "mt"; "mt_posix" ] in
  let rec add (met, sorted) p =
    if List.mem p met || not (is_installed p) then (met, sorted)
    else
      let met, sorted = List.fold_left add (p :: met, sorted) (requires_of predicates p) in
      (met, p :: sorted)
  in
  try Findlib.package_deep_ancestors predicates (List.filter is_installed packages)
  with _ -> List.rev (snd (List.fold_left add ([], []) packages))

let offers packages =
  match packages with
  | [] -> []
  | packages -> (
    try List.concat_map archives_of (closure packages)
    with Fl_package_base.No_such_package _ -> [])

(* What a package is: its own archives, or those of what it requires when it has none. (findlib
   requires threads for every package: no matter whether they are needed.) *)
let rec own_archives seen package =
  if List.mem package seen then []
  else
    match archives_of package with
    | [] ->
      requires_of [ code_predicate (); "mt"; "mt_posix" ] package
      |> List.concat_map (own_archives (package :: seen))
    | own -> own
    | exception _ -> []

(* A package as a plugin: what others need that nothing can load is missed when it is. *)
let package_archives package =
  let own = own_archives [] package in
  List.filter (fun f -> not (is_static f) || List.mem f own) (offers [ package ])

(* ---- making them ---- *)

let plugins : (string, plugin) Hashtbl.t = Hashtbl.create 16

let remember path make =
  match Hashtbl.find_opt plugins path with
  | Some p -> p
  | None ->
    let p = make () in
    Hashtbl.replace plugins path p;
    p

let open_plugin file =
  try bundle_at ~by:(Tenon_c.process_bundle (process ())) ~there:true ~host:false file
  with (Error _ | Not_a_bundle _) when not (Sys.file_exists file) -> error "no plugin at %s" file

let name_of b =
  match b.contents with
  | Some c -> Tenon_c.bundle_name c
  | None -> (Bundle.manifest b).name

let is_of b digest =
  match b.contents with
  | Some c -> Tenon_c.bundle_digest c = digest
  | None -> false

let is_same b now =
  match now.contents with
  | Some c -> is_of b (Tenon_c.bundle_digest c)
  | None -> false

(* Does code run with it now? *)
let is_current b =
  List.exists
    (fun context ->
      match context.of_bundle with
      | Some other -> other == b
      | None -> false)
    !contexts

(* Until it is loaded, a plugin is what its file is now: code, manifest and resources of one bundle.
   Was it another? *)
let renew p =
  match p.source with
  | Bundled b when not (p.loaded || is_current b) ->
    let now = open_plugin p.plugin_path in
    let replaced = not (is_same b now) in
    if replaced then begin
      b.contents <- now.contents;
      b.read <- None
    end;
    p.plugin_name <- name_of b;
    replaced
  | _ -> false

(* Does a plugin that was loaded stand for the file that is there now? Also when that has gone. *)
let is_still p =
  match p.source with
  | Bundled b when Sys.file_exists p.plugin_path -> is_same b (open_plugin p.plugin_path)
  | _ -> true

let of_path path =
  let path = text path in
  let file =
    if Filename.check_suffix path ".plugin" || Sys.file_exists path then path else path ^ ".plugin"
  in
  (match Hashtbl.find_opt plugins file with
  | Some p when not p.loaded -> ignore (renew p)
  (* a file that was replaced since it was loaded is another plugin, which the plan refuses *)
  | Some p when not (is_still p) -> Hashtbl.remove plugins file
  | _ -> ());
  remember file (fun () ->
      let b = open_plugin file in
      {
        plugin_path = file;
        plugin_name = name_of b;
        source = Bundled b;
        given = [||];
        loaded = false;
        waiting = [];
      })

let of_package ?(directories = []) name =
  let found () =
    try Some (Findlib.package_directory name) with _ -> None
  in
  if directories <> [] then
    Findlib.init_manually
      ~install_dir:(Findlib.default_location ())
      ~meta_dir:(Findlib.meta_directory ())
      ~search_path:(directories @ Findlib.search_path ())
      ();
  if found () = None then error "no findlib package %s" name;
  remember ("package:" ^ name) (fun () ->
      {
        plugin_path = "package:" ^ name;
        plugin_name = name;
        source =
          Package
            {
              archives = lazy (package_archives name);
              desc = (try Findlib.package_property [] name "description" with Not_found -> "");
            };
        given = [||];
        loaded = false;
        waiting = [];
      })

let plugin_manifest p =
  match p.source with
  | Bundled b -> Bundle.manifest b
  | Package { desc; _ } -> Manifest_value.create ~desc ~date:0. ~requires:[ p.plugin_name ] p.plugin_name

let context_of p =
  {
    of_bundle = (match p.source with Bundled b -> Some b | Package _ -> None);
    is =
      (match p.source with
      | Bundled b -> Bundle.manifest_later b
      | Package _ -> lazy (plugin_manifest p));
    arguments = p.given;
  }

(* ---- planning ---- *)

(* A name without '/' would be searched: what was found stays what is meant. *)
let file_of path = if Filename.is_relative path && not (String.contains path '/') then "./" ^ path else path

let request p =
  match p.source with
  | Bundled b -> (file_of p.plugin_path, offers (Bundle.packages b))
  | Package { archives; _ } -> (p.plugin_path, Lazy.force archives)

(* enum tenon_load_flags *)
let each_on_its_own = 1

let plan_once ~each plugins =
  let p = process () in
  look p;
  Tenon_c.use_start_probe p (is_starting ());
  guard (fun () ->
      Tenon_c.plan p
        (Array.of_list (List.map request plugins))
        (if each then each_on_its_own else 0))

(* The plan looks at the files itself: what it planned from is mostly what we have. *)
let is_replaced plan index p =
  match p.source with
  | Bundled b when not (is_of b (Tenon_c.plan_digest plan index)) -> (
    (* what cannot be opened, the plan says *)
    try renew p with Error _ | Not_a_bundle _ -> false)
  | _ -> false

let make_plan ~each plugins =
  let plan = plan_once ~each plugins in
  let replaced = List.mapi (is_replaced plan) plugins in
  if not (List.mem true replaced) then plan
  else begin
    Tenon_c.plan_end plan;
    plan_once ~each plugins
  end

(* A plan keeps the cache open until it ends, and it ends whatever happens. *)
let with_plan ~each plugins f =
  let plan = make_plan ~each plugins in
  protect ~finally:(fun () -> Tenon_c.plan_end plan) (fun () -> f plan)

let findings plan =
  Tenon_c.plan_findings plan |> Array.to_list
  |> List.map (fun (code, refuses, plugin, unit_, message) ->
         { code; refuses; plugin; unit_; message })

(* Everything that is said against one plugin. *)
let reasons plan name =
  let against f = f.refuses && (f.plugin = Some name || f.plugin = None) in
  match List.filter against (findings plan) with
  | [] -> (
    match List.filter (fun f -> f.refuses) (findings plan) with
    | [] -> "refused"
    | all -> String.concat "\n" (List.map (fun f -> f.message) all))
  | own -> String.concat "\n" (List.map (fun f -> f.message) own)

(* ---- loading ---- *)

(* How many units of a file have run to their end when it failed. Only the toplevel can be asked;
   Dynlink does not tell which unit it was, so that there none counts as initialised. *)
let count_of units =
  let backend = !Tenon_backend.current in
  let rec count n = function
    | name :: rest when ask_linked backend.Tenon_backend.load name -> count (n + 1) rest
    | _ -> n
  in
  if backend.Tenon_backend.loader = Tenon_c.Toplevel then count 0 units else 0

(* May something of a file have run when its loader raised? What the loader refuses before that may
   be given to it again, when it fits. Not in native code: there the file is mapped by then, and
   what comes later would bind to it. *)
let may_have_run e units =
  match (!Tenon_backend.current).Tenon_backend.loader with
  | Tenon_c.Native_code -> true
  | Tenon_c.Toplevel -> (
    match e with
    | Tenon_backend.Load_failed said when contains said "over interface" ->
      is_of_initialiser said
    | e -> not (says_undefined e))
  | Tenon_c.Bytecode -> (
    match e with
    | Tenon_backend.Load_failed _ ->
      let there = (!Tenon_backend.current).Tenon_backend.dynamic_units () in
      List.exists (fun u -> List.mem u there) units
    | _ -> true)

let message_of = function
  | Tenon_backend.Load_failed message -> message
  | Tenon_c.Error (_, message) | Error message -> message
  | e -> Printexc.to_string e

(* Something was loaded, by an initialiser, a callback or a handler, that the plan did not know of. *)
exception Not_current

(* asks about no step, but about all that is there *)
let no_step = -1

let must_be_current plan number =
  look_again (process ());
  if not (Tenon_c.plan_is_current plan number) then raise Not_current

(* What a handler raised while files are loaded is no failure of the plugin. *)
exception Raised of exn * Printexc.raw_backtrace

let tell_between event =
  try tell event with e -> raise (Raised (e, Printexc.get_raw_backtrace ()))

let while_running units f =
  let before = !running in
  running := units :: before;
  protect ~finally:(fun () -> running := before) f

let run_step plan number =
  let ((_, label, is_stubs, _) as step) = Tenon_c.plan_step plan number in
  must_be_current plan number;
  tell_between (`Linking label);
  if !handlers <> [] then must_be_current plan number;
  Tenon_c.plan_check plan number;
  let units = lazy (if is_stubs then [] else Tenon_c.plan_step_units plan number) in
  Tenon_c.plan_begin plan number;
  match while_running units (fun () -> load_file step) with
  | () ->
    saw_step ();
    Tenon_c.plan_done plan number (-1);
    Tenon_c.plan_check plan number
  | exception e ->
    let units = Lazy.force units in
    let count = count_of units in
    if (not is_stubs) && (count > 0 || may_have_run e units) then
      Tenon_c.plan_done plan number count
    else Tenon_c.plan_withdraw plan number;
    raise e

(* Packages that are there as a whole now are not to be loaded again by #require, which still puts
   their directories in view. rule: findlib, topfind.ml, load: Record_core *)
let tell_findlib p =
  let process = process () in
  let is_there package =
    try
      List.for_all (fun file -> List.for_all (Tenon_c.is_present process) (units_of_archive file))
        (archives_of package)
    with Sys_error _ | End_of_file | Failure _ -> false
  in
  ignore (Lazy.force Process.recorded);
  let names = match p.source with Bundled b -> Bundle.packages b | Package _ -> [ p.plugin_name ] in
  List.iter
    (fun package ->
      if (not (Findlib.is_recorded_package package)) && is_there package then
        Findlib.record_package Findlib.Record_core package)
    (if names = [] then [] else closure names)

let arrive p =
  p.loaded <- true;
  let waiting = List.rev p.waiting in
  p.waiting <- [];
  call_all waiting

(* The toplevel knows interfaces that it has read for phrases, or that its own modules were compiled
   against, and tells nobody which. All that a plugin was compiled against is given to it in a unit
   without code, before anything of the plugin runs: what it refuses of that it would refuse half
   way. *)
let must_fit_toplevel imports =
  let load = (!Tenon_backend.current).Tenon_backend.load in
  with_temporary ".cma" "" (fun file ->
      interface_archive file ~imports;
      match load file with
      | () -> ()
      | exception Tenon_backend.Load_failed said when contains said "over interface" ->
        error "compiled against another interface of unit %s than the one that the toplevel has read"
          (List.nth (List.rev (String.split_on_char ' ' said)) 0))

(* Dynlink in bytecode does not tell either what the code was compiled against that others gave it. *)
let must_fit_dynlink imports =
  match find_mismatch (List.filter (fun (name, _) -> name <> "Stdlib") imports) with
  | Some "Stdlib" -> ()
  | Some name ->
    error "compiled against another interface of unit %s than that which others loaded code for" name
  | None -> error "compiled against a unit that Dynlink refuses"

let must_fit plan = function
  | [] -> ()
  | first :: _ as steps ->
    let imports () =
      must_be_current plan first;
      List.concat_map (Tenon_c.plan_step_interfaces plan) steps
    in
    (match loader () with
    | `Toplevel -> must_fit_toplevel (imports ())
    | `Bytecode when !others_came -> must_fit_dynlink (imports ())
    | `Bytecode | `Native -> ())

let announce p =
  p.loaded <- true;
  call_all [ (fun () -> tell (`Loaded p)); (fun () -> arrive p) ]

(* Was its file replaced between our look at it and the plan's? *)
let must_be_planned plan index p =
  match p.source with
  | Bundled b when is_of b (Tenon_c.plan_digest plan index) -> ()
  | Bundled b when is_current b -> error "%s was replaced while it was loaded" p.plugin_path
  | Bundled _ -> raise Not_current
  | Package _ -> ()

(* One plugin of a plan. A plugin that fails leaves what ran of it, told as such. *)
let carry_out ?(argv = [||]) plan steps index p =
  p.given <- argv;
  tell (`Loading p);
  let take () = match p.source with Bundled _ -> Tenon_c.plan_take plan index | Package _ -> () in
  match
    must_be_planned plan index p;
    take ();
    must_fit plan steps;
    within (context_of p) (fun () -> List.iter (run_step plan) steps)
  with
  | () ->
    Tenon_c.plan_loaded plan index;
    if loader () = `Toplevel then tell_findlib p;
    announce p;
    Ok ()
  | exception Not_current -> raise Not_current
  | exception Raised (e, trace) -> Printexc.raise_with_backtrace e trace
  | exception e -> Result.Error (Printf.sprintf "plugin \"%s\": %s" p.plugin_name (message_of e))

let fails p message =
  tell (`Errored (p.plugin_name, message));
  Result.Error (p.plugin_name, message)

(* The steps of each plugin, and the plugins in the order of a plan, which is that of its steps;
   those without any come last. *)
let order_of owners count =
  let steps = Array.make count [] and order = ref [] in
  for number = Array.length owners - 1 downto 0 do
    let owner = owners.(number) in
    steps.(owner) <- number :: steps.(owner)
  done;
  Array.iteri
    (fun number owner -> if List.hd steps.(owner) = number then order := owner :: !order)
    owners;
  let idle = List.filter (fun i -> steps.(i) = []) (List.init count (fun i -> i)) in
  (steps, List.rev_append !order idle)

(* Those of `chosen' that must be planned anew. *)
let carry_out_all ?argv ~each plan plugins results chosen =
  let statuses = Tenon_c.plan_statuses plan and repeats = Tenon_c.plan_repeats plan in
  let go = each || Tenon_c.plan_ok plan in
  let anew = ref false and again = ref [] in
  let steps, order = order_of (Tenon_c.plan_owners plan) (Array.length chosen) in
  let settle k =
    let i = chosen.(k) in
    let p = plugins.(i) in
    let is result = results.(i) <- Some result in
    let later () = again := i :: !again in
    let is_loaded () =
      arrive p;
      is (Ok p)
    in
    match statuses.(k) with
    | Tenon_c.Already when repeats.(k) < 0 -> is_loaded ()
    | Tenon_c.Already -> (
      match results.(chosen.(repeats.(k))) with
      | Some (Ok _) -> is_loaded ()
      | Some (Result.Error (_, message)) -> is (fails p message)
      | None -> later ())
    | Tenon_c.Planned when go && !anew -> later ()
    | Tenon_c.Planned when go -> (
      match carry_out ?argv plan steps.(k) k p with
      | Ok () -> is (Ok p)
      | Result.Error message ->
        anew := true;
        is (fails p message)
      | exception Not_current ->
        anew := true;
        later ())
    (* it may find now what it was refused for want of *)
    | _ when not (Tenon_c.plan_is_current plan no_step) -> later ()
    | _ -> is (fails p (reasons plan p.plugin_name))
  in
  List.iter settle order;
  List.sort compare !again

let rec load_planned ?argv ~each plugins results todo =
  List.iter (fun i -> tell (`Opening plugins.(i).plugin_path)) todo;
  let again =
    with_plan ~each
      (List.map (fun i -> plugins.(i)) todo)
      (fun plan -> carry_out_all ?argv ~each plan plugins results (Array.of_list todo))
  in
  (* what remains is planned anew, beside the one that failed half way or what came meanwhile *)
  if again <> [] then load_planned ?argv ~each plugins results again

let load_all ?argv plugins =
  let plugins = Array.of_list plugins in
  let results = Array.make (Array.length plugins) None in
  let todo = List.init (Array.length plugins) (fun i -> i) in
  if todo <> [] then load_planned ?argv ~each:true plugins results todo;
  Array.to_list results
  |> List.mapi (fun i r ->
         match r with
         | Some r -> r
         | None -> Result.Error (plugins.(i).plugin_name, "was not loaded"))

module Plugin = struct
  type t = plugin

  let of_path = of_path
  let of_package = of_package
  let is_bundled p = match p.source with Bundled _ -> true | Package _ -> false
  let path p = p.plugin_path
  let name p = p.plugin_name
  let manifest = plugin_manifest
  let desc p = (plugin_manifest p).desc

  let bundle p =
    match p.source with
    | Bundled b -> b
    | Package _ -> error "%s is a package, and has no bundle" p.plugin_path

  let load ?argv p =
    if p.loaded then Ok ()
    else
      match load_all ?argv [ p ] with
      | [ Ok _ ] -> Ok ()
      | [ Result.Error (_, message) ] -> Result.Error message
      | _ -> Result.Error "was not loaded"

  let check p = with_plan ~each:false [ p ] findings
  let is_loaded p = p.loaded
  let on_loaded p f = if p.loaded then f () else p.waiting <- f :: p.waiting
  let with_context p f = within (context_of p) f

  let argv () =
    match !contexts with
    | context :: _ -> context.arguments
    | [] -> [||]
end

module Plugins = struct
  type nonrec event = event

  let event_to_string : event -> string = function
    | `Opening path -> "opening " ^ path
    | `Loading p -> "loading " ^ p.plugin_name
    | `Linking what -> "linking " ^ what
    | `Loaded p -> "loaded " ^ p.plugin_name
    | `Errored (name, message) -> Printf.sprintf "failed %s: %s" name message

  let on_event f = handlers := f :: !handlers

  let rec without_slash dir =
    let size = String.length dir in
    if size > 1 && dir.[size - 1] = '/' then without_slash (String.sub dir 0 (size - 1)) else dir

  (* What is named again adds nothing. *)
  let rec once = function
    | [] -> []
    | dir :: rest ->
      dir :: once (List.filter (fun d -> without_slash d <> without_slash dir) rest)

  let path ?(library = []) () =
    once (library @ guard (fun () -> Tenon_c.search_path (process ())))

  let plugins_in dir =
    match Sys.readdir dir with
    | exception Sys_error _ -> []
    | names ->
      Array.to_list names
      |> List.filter (fun n -> Filename.check_suffix n ".plugin")
      |> List.sort compare
      |> List.map (Filename.concat dir)

  (* "NAME" or "NAME>=VERSION" *)
  let name_of_constraint text =
    match String.index_opt text '>' with
    | Some i -> String.sub text 0 i
    | None -> text

  let suits ?env ~provides (p : plugin) =
    let m = plugin_manifest p in
    List.for_all (fun tag -> List.mem tag m.tags) provides
    && match env with
       | None -> true
       | Some env ->
         List.for_all (fun c -> List.mem c env || List.mem (name_of_constraint c) env) m.cons

  let offer_env env =
    List.iter
      (fun text ->
        let name = name_of_constraint text in
        let version =
          if name = text then max_int land 0xFFFFFFFF
          else
            let from = String.length name + 2 in
            try int_of_string (String.sub text from (String.length text - from)) with _ -> 0
        in
        Process.offer ~version name)
      env

  let list ?env ?(provides = []) ?(library = []) () =
    let installed = guard (fun () -> Tenon_c.list (process ()) []) in
    let files = List.concat_map plugins_in library @ installed in
    let seen = Hashtbl.create 16 in
    List.filter_map
      (fun file ->
        match of_path file with
        | exception (Error _ | Not_a_bundle _) -> None
        | p ->
          if Hashtbl.mem seen p.plugin_name then None
          else begin
            (* the first one shadows others, wanted or not *)
            Hashtbl.add seen p.plugin_name ();
            if suits ?env ~provides p then Some p else None
          end)
      files
    |> List.sort (fun a b -> compare a.plugin_name b.plugin_name)

  let all_loaded = ref false
  let waiting = ref []
  let on_loaded f = if !all_loaded then f () else waiting := f :: !waiting
  let load_all = load_all

  (* Files that are no bundles are told of here, as `list' has no way to. *)
  let unreadable ~exclude library =
    let is_excluded file =
      List.mem (Filename.remove_extension (Filename.basename file)) exclude
    in
    List.filter_map
      (fun file ->
        match of_path file with
        | _ -> None
        | exception (Error _ | Not_a_bundle _) when is_excluded file -> None
        | exception (Error m | Not_a_bundle m) ->
          tell (`Errored (file, m));
          Some (Result.Error (file, m)))
      (List.concat_map plugins_in library)

  let load ?env ?provides ?(library = []) ?(exclude = []) ?argv () =
    (match env with Some env -> offer_env env | None -> ());
    let chosen =
      List.filter
        (fun p -> not (List.mem p.plugin_name exclude))
        (list ?env ?provides ~library ())
    in
    let bad = unreadable ~exclude (path ~library ()) in
    let results = load_all ?argv chosen @ bad in
    all_loaded := true;
    let told = List.rev !waiting in
    waiting := [];
    call_all told;
    results

  let run ?env ?provides ?(don't_setup_handlers = false) ?library ?exclude ?argv () =
    let history = ref [] in
    if not don't_setup_handlers then on_event (fun e -> history := e :: !history);
    let results = load ?env ?provides ?library ?exclude ?argv () in
    let bad = List.exists (function Result.Error _ -> true | Ok _ -> false) results in
    if bad && not don't_setup_handlers then begin
      List.iter (fun e -> prerr_endline (event_to_string e)) (List.rev !history);
      exit 1
    end
end
