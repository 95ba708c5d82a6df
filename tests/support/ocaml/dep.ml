let counter = ref 0
let next () = incr counter; !counter
let big = (1L, 2l, 3n, 1.5, [| 2.5; 3.5 |], "text")
