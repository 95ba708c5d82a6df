(** Plugins that cannot be linked twice, in OCaml's three loaders.

    A plugin is a bundle: one file, [NAME.plugin], with native code, bytecode, the libraries it
    brings, resources and a manifest. Before a file is given to {!Dynlink} or to the toplevel, the
    whole of what would be loaded is checked against what this process holds. A refusal leaves the
    process as it was. Each loader gives the same verdict, mostly in the same words: where what is
    recorded differs, the reasons do, too.

    Nothing here is safe for several threads at once: load plugins from one thread. *)

exception Error of string
(** What failed, in a sentence. Every function here that fails raises this one, unless it says
    otherwise; what a function that it was given raises goes through. So does what a function raises
    that is told of events or of what is loaded: the others are told all the same, then the first
    exception goes on, out of the call that loads. What is loaded by then stays loaded and is known
    as such, and the rest of that call is not loaded; it can be asked for again. Inside an
    initialiser it fails the plugin that is being initialised, as any exception does. *)

exception Not_a_bundle of string
(** A file that is no bundle: its name, and why. *)

val version : string
(** Of libtenon. *)

module Manifest : sig
  (** What a bundle says of itself. *)
  type t = {
    name : string;
    version : string;
    desc : string;  (** one line *)
    main : string;  (** base name of the plugin's own code: ["greet"] of [greet.cmxs] *)
    author : string;
    date : float;  (** whole seconds since 1970 are kept; 0.: not given *)
    requires : string list;  (** findlib packages that its code needs, bundled or not *)
    provides : string list;  (** units of its own code; the code decides, not what is set here *)
    url : string option;
    license : string option;
    copyrights : string option;
    tags : string list;  (** features that the plugin offers *)
    cons : string list;  (** features that the host must offer: [NAME] or [NAME>=VERSION] *)
    argv : string list;  (** documentation of its arguments, a line each *)
  }

  val create :
    ?author:string ->
    ?version:string ->
    ?main:string ->
    ?date:float ->
    ?desc:string ->
    ?requires:string list ->
    ?provides:string list ->
    ?url:string ->
    ?license:string ->
    ?copyrights:string ->
    ?tags:string list ->
    ?cons:string list ->
    ?argv:string list ->
    string ->
    t
  (** [create name]. Author: [$USER], else [unknown]; version [1.0.0]; main is the name; date: now. *)

  val to_string : t -> string
  (** As an S-expression: the text of a [MANIFEST.scm], which BAP's tools read too. It has no place for
      [argv]. *)

  val of_string : string -> t
  (** Reads such a text. Raises {!Error} with line or field. *)

  val compare : t -> t -> int
  (** All fields, one after the other. *)

  val current : unit -> t
  (** Of the plugin that is being initialised, else of the program's own bundle. *)

  val update : (t -> t) -> unit
  (** Changes what {!current} answers, for the plugin that is being initialised or the program. *)

  val switch : t -> unit
  (** [switch m] is [update (fun _ -> m)]. *)
end

type bundle

val main_bundle : unit -> bundle
(** The bundle of the plugin that is being initialised, else of the program: what
    {!set_main_bundle} said, else the file [EXE.bundle] in the current directory, which need not be
    there yet. *)

val set_main_bundle : bundle -> unit
(** Makes it the program's own. *)

(** Bundles: zip files with code, resources and a manifest. *)
module Bundle : sig
  type t = bundle

  val of_uri : string -> t
  (** A path, or [file:] and a path. Opens the bundle, or stands for one that is made when something
      is put in. Raises {!Not_a_bundle}. *)

  val path : t -> string
  (** Of its file, which need not be there. *)

  val manifest : t -> Manifest.t
  (** A fresh one, with the name of the file, when there is none. *)

  val is_host : t -> bool
  (** Is it the program's own, not a plugin's? *)

  val list : t -> string list
  (** Entries, without manifests. *)

  val get_data : t -> string -> string option
  (** The content of an entry, checked against the manifest. [words.txt] also finds
      [data/words.txt]. *)

  val get_file : ?name:string -> t -> string -> string option
  (** Takes an entry out into the file [name], else a new temporary one; answers its name. Raises
      [Sys_error] where that cannot be written. *)

  val update_manifest : t -> f:(Manifest.t -> Manifest.t) -> unit
  (** Writes the bundle anew with another manifest, in place of the old file. *)

  val insert_file : ?name:string -> t -> string -> unit
  (** OCaml code ([.cmxs], [.cma]) is known by its suffix, C stubs by [dllNAME.so]. *)

  val insert_files : t -> (string option * string) list -> unit
  (** Several [(name, file)] in one change of the bundle. *)

  val insert_data : t -> name:string -> data:string -> unit
  (** Puts in an entry with that content, in place of one with that name. *)

  val update :
    t ->
    f:
      (string ->
      [ `Drop | `Copy | `Proc of string -> unit | `Map of string -> string ]) ->
    unit
  (** Asks [f] about every entry: leave it out, keep it, let a function work on it as a file, or on
      its content. Raises [Sys_error] when such a file is not there afterwards. *)

  val digest : t -> Digest.t
  (** Of everything in it. *)

  val verify : t -> unit
  (** Reads every entry and checks it, and the units that the manifest claims against the code.
      Raises {!Error}. *)

  (** Makes a bundle. Nothing is read or written before [flush]. *)
  module Builder : sig
    type t

    val create : unit -> t

    val put_file : ?name:string -> t -> string -> unit
    (** A file that will be an entry, by default under its own base name. *)

    val put_data : t -> name:string -> data:string -> unit
    val embed_manifest : t -> Manifest.t -> unit

    val flush : t -> string -> unit
    (** Reads the files and writes the bundle. Raises {!Error}; then nothing is written. *)
  end
end

(** {1 What is in this process} *)

type loader = [ `Native | `Bytecode | `Toplevel ]

val loader : unit -> loader
(** Which of the three loads code here. *)

(** The units of this process, and what it allows its plugins. *)
module Process : sig
  type reason =
    | In_core  (** in the program *)
    | Provided_by of string  (** this plugin's own *)
    | Requested_by of string  (** a library that this plugin brought *)
    | By_others  (** loaded by somebody else *)

  type unit_ = {
    name : string;
    interface : Digest.t option;
    implementation : Digest.t option;
    initialised : bool;  (** [false]: its initialiser failed, or one before it in its file *)
    reason : reason;
    holder : string;  (** the place, for people *)
  }

  val units : unit -> unit_ list
  (** Every unit that is known to be here, in the order they came. The toplevel has no list of its
      units: there it is those that plugins brought or asked for, and the ones of its image. *)

  val record : unit -> Tenon_record.t option
  (** What the host's build recorded. *)

  val packages : unit -> string list
  (** findlib packages in the program: of our record, else of findlib's. *)

  val allow_only : string list -> unit
  (** Plugins may use these units of the program and no others. Holds from now on, whether
      something was loaded before or not. *)

  val prohibit : string list -> unit
  (** Plugins may not use these units of the program. As {!allow_only}, known to Dynlink as well. *)

  val offer : ?version:int -> string -> unit
  (** A feature that plugins' constraints may ask for. *)

  val add_directory : string -> unit
  (** Where plugins are looked for, before [TENON_PLUGIN_PATH]. *)

  val set_default_directory : string -> unit
  (** Where plugins are looked for last. *)

  val set_cache : string -> unit
  (** Where code is taken out to, instead of the user's cache directory. *)

  val refuse_ambiguous : bool -> unit
  (** Is a plugin refused whose name two directories of the search path have? Else the first one
      counts. *)
end

val list_loaded_units : unit -> string list
(** Names of {!Process.units}. *)

val setup_dynamic_loader : (string -> unit) -> unit
(** Another function that loads one file, instead of Dynlink's or the toplevel's. What it raises is a
    failure of the plugin that the file is of. *)

(** {1 Plugins} *)

(** Why something is refused, or worth a word. *)
type finding = {
  code : string;  (** ["double"], ["missing-unit"], ...: tenon-check(1) has the list *)
  refuses : bool;
  plugin : string option;
  unit_ : string option;
  message : string;
}

type plugin

(** One plugin: a bundle, or an installed package. *)
module Plugin : sig
  type t = plugin

  val of_path : string -> t
  (** The bundle at a path. Until it is loaded, the value is the same each time and stands for
      whatever bundle is at the path: this function, {!Plugins.list} and loading look at the file
      anew, and what is loaded is code, manifest and resources of one bundle. Once it is loaded, it
      stays what was loaded; a file that was put in its place is another plugin, with a value of its
      own, which is refused. Raises {!Not_a_bundle}; {!Error} when nothing is there, unless it was
      loaded from there. *)

  val of_package : ?directories:string list -> string -> t
  (** An installed findlib package as a plugin; [directories] are searched first, as those of dune's
      sites. Raises {!Error} when there is no such package. *)

  val is_bundled : t -> bool
  (** [false]: a package. *)

  val path : t -> string
  (** A package has [package:NAME]. *)

  val name : t -> string
  (** Of its manifest; of a package: findlib's. *)

  val desc : t -> string

  val bundle : t -> bundle
  (** Raises {!Error} for a package. *)

  val manifest : t -> Manifest.t

  val load : ?argv:string array -> t -> (unit, string) result
  (** Plans and loads it. Does nothing when it is loaded. *)

  val check : t -> finding list
  (** What {!load} would say, without loading. *)

  val is_loaded : t -> bool

  val on_loaded : t -> (unit -> unit) -> unit
  (** Calls the function once it is loaded, at once when it is. *)

  val with_context : t -> (unit -> 'a) -> 'a
  (** Runs the function as if the plugin were being initialised: its bundle, manifest and
      arguments are the current ones. The arguments are those that it was loaded with; none before
      that. *)

  val argv : unit -> string array
  (** The arguments that were given to the plugin that is being initialised. *)
end

(** All plugins that are installed, or those of a list. *)
module Plugins : sig
  type event =
    [ `Opening of string  (** a bundle *)
    | `Loading of plugin
    | `Linking of string  (** one file, as [library words of plugin "greet"] *)
    | `Loaded of plugin
    | `Errored of string * string  (** a plugin, and why *) ]

  val event_to_string : event -> string

  val on_event : (event -> unit) -> unit
  (** Adds a function that is told of everything that happens from now on. *)

  val path : ?library:string list -> unit -> string list
  (** Where plugins are looked for: [library], added directories, [TENON_PLUGIN_PATH], the default
      directory: where [tenon bundle install] puts them, unless
      {!Process.set_default_directory} was called. Each once, whether it is there or not. *)

  val list :
    ?env:string list -> ?provides:string list -> ?library:string list -> unit -> plugin list
  (** Installed bundles by name, as their files are now, that offer all tags of [provides], and whose
      constraints are among [env], when it is given. Of those with one name only the first along
      {!path} counts, also when it is not wanted. Files that cannot be read are left out. *)

  val load :
    ?env:string list ->
    ?provides:string list ->
    ?library:string list ->
    ?exclude:string list ->
    ?argv:string array ->
    unit ->
    (plugin, string * string) result list
  (** Loads what {!list} finds, each on its own: the refused and those that need them are left
      out. [exclude]: names of plugins; of a file that is no bundle, its own without [".plugin"]. *)

  val load_all : ?argv:string array -> plugin list -> (plugin, string * string) result list
  (** Plans all of them together and loads each on its own, in the order given, but behind those that
      it needs; a result for each, in the order given. *)

  val run :
    ?env:string list ->
    ?provides:string list ->
    ?don't_setup_handlers:bool ->
    ?library:string list ->
    ?exclude:string list ->
    ?argv:string array ->
    unit ->
    unit
  (** As {!load}. When one fails, the default handler prints what happened to stderr and leaves
      the program with status 1. *)

  val on_loaded : (unit -> unit) -> unit
  (** Calls the function when {!load} or {!run} has come to its end; at once when it has. *)
end
