let () =
  let who = match Tenon.Plugin.argv () with [||] -> "world" | names -> names.(0) in
  Printf.printf "hello %s, word %d\n%!" who (Words.next ())
