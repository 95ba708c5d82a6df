(* a stock toplevel is a host as it is *)
#use "topfind";;
#require "tenon";;
match Tenon.Plugin.(load ~argv:[| "toplevel" |] (of_path "greet.plugin")) with
| Ok () -> print_endline "loaded greet.plugin"
| Error reasons -> prerr_endline reasons;;
