(** An ocamlbuild plugin: the target [NAME.plugin], and hosts with a record.

    In [myocamlbuild.ml]:
    {[
      let () =
        Ocamlbuild_plugin.dispatch (fun hook ->
            Tenon_ocamlbuild.Plugin_rules.install hook;
            Tenon_ocamlbuild.Host_rules.install hook)
    ]}
    and then
    [ocamlbuild -use-ocamlfind -plugin-tag 'package(tenon.ocamlbuild)' greet.plugin main.native]. *)

(** What the bundles say of themselves. *)
module Plugin_options : sig
  val set :
    ?name:string ->
    ?version:string ->
    ?desc:string ->
    ?author:string ->
    ?tags:string list ->
    ?cons:string list ->
    ?packages:string list ->
    ?bundle:string ->
    ?host:string ->
    ?data:(string * string) list ->
    ?command:string ->
    unit ->
    unit
  (** For all bundles of the build. [packages]: findlib packages beside those of [-pkgs] and of
      [package] tags of the plugin's module. [bundle], [host]: as of [tenon build]. [data]: resources
      and their files. [command]: [tenon] itself. *)
end

module Plugin_rules : sig
  val install : Ocamlbuild_plugin.hook -> unit
  (** [NAME.plugin] from [NAME.cma] and [NAME.cmxs], with all of ocamlbuild's options. *)
end

module Host_rules : sig
  val install : Ocamlbuild_plugin.hook -> unit
  (** Programs are linked through [tenon link]: they get a record of their units. *)
end
