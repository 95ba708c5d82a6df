let () = ignore (Dep.next ())
let twice x = x + !Dep.counter * 2
