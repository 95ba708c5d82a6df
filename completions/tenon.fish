# tenon.fish - completion of tenon's command line for fish

set -l commands why show units cc wrap link pack build bundle cache check run find flags platform plist
set -l levels native x86-64-v2 x86-64-v3 x86-64-v4 power9 power10 z13 z14 z15 z16

complete -c tenon -n "not __fish_seen_subcommand_from $commands" -f
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a why -d 'what would be loaded, and why'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a show -d 'what the linker recorded'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a units -d 'units of a file'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a cc -d 'compile, with notes that name units'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a wrap -d 'put such notes into ready files'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a link -d 'link with a record of what is in it'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a pack -d 'a plugin bundle of ready code'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a build -d 'a plugin bundle of sources'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a bundle -d 'look at plugin bundles'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a cache -d 'what was taken out of bundles'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a check -d 'would these plugins load into that program?'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a run -d 'load plugins into a bare host'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a find -d 'flags with which programs start'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a flags -d 'link flags for a known place'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a platform -d 'what is known of a platform'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a plist -d 'packing lists'
complete -c tenon -l help -d 'print the help and exit'
complete -c tenon -l version -d 'print the version and exit'

set -l any "__fish_seen_subcommand_from $commands"
complete -c tenon -n "$any" -l json -d 'print one JSON object'
complete -c tenon -n "$any" -s q -l quiet -d 'no answer, only the exit status'
complete -c tenon -n "$any" -s v -l verbose -d 'say more'
complete -c tenon -n "$any" -l color -x -a 'auto always never' -d 'colours'

set -l systems '__fish_seen_subcommand_from why show units'
complete -c tenon -n "$systems" -l sysroot -x -a '(__fish_complete_directories)' -d 'the system below'

set -l images '__fish_seen_subcommand_from why show'
complete -c tenon -n "$images" -l slice -x -d 'the slice of a universal file that is meant'
complete -c tenon -n "$images" -l member -x -d 'the member of an archive that is meant'
complete -c tenon -n "$images" -l dlopen -d 'libraries it may ask for at run time'

set -l why '__fish_seen_subcommand_from why'
complete -c tenon -n "$why" -l lib -x -d 'only the chains to this library'
complete -c tenon -n "$why" -l symbols -d 'who provides each undefined symbol'
complete -c tenon -n "$why" -l what-if -x -a 'env: setting: secure interpreter: without: cpu:' -d 'ask again with a change'
complete -c tenon -n "$why" -l skip-other -d 'leave out files that are no images'
complete -c tenon -n "$why" -l loader -x -a 'glibc musl freebsd dragonfly netbsd openbsd solaris hpux bionic windows wine cygwin aix dyld hpux-som netbsd-aout freebsd-aout' -d 'follow these rules'
complete -c tenon -n "$why" -l env -x -d 'set a variable'
complete -c tenon -n "$why" -l setting -x -d 'what its registry or system says'
complete -c tenon -n "$why" -l clean-env -d 'start from an empty environment'
complete -c tenon -n "$why" -l cwd -x -a '(__fish_complete_directories)' -d 'its current directory'
complete -c tenon -n "$why" -l exe -r -d 'the executable that loads the library'
complete -c tenon -n "$why" -l setuid -d 'secure mode'
complete -c tenon -n "$why" -l interpreter -r -d 'instead of the recorded one'
complete -c tenon -n "$why" -l cpu -x -a "$levels" -d 'processor level'
complete -c tenon -n "$why" -l platform -x -d 'value of $PLATFORM'
complete -c tenon -n "$why" -l hide-system -d 'leave out the libraries of the system'
complete -c tenon -n "$why" -l dot -d 'print a graph for Graphviz'

set -l show '__fish_seen_subcommand_from show'
complete -c tenon -n "$show" -l exports -d 'the symbols it offers'
complete -c tenon -n "$show" -l imports -d 'the symbols it expects'
complete -c tenon -n "$show" -l units -d 'its units and their record'
complete -c tenon -n "$show" -l skip-other -d 'leave out files that are no images'

set -l units '__fish_seen_subcommand_from units'
complete -c tenon -n "$units" -l doubles -d 'only what is there twice among all files'
complete -c tenon -n "$units" -l skip-other -d 'leave out files that are no images'

set -l record '__fish_seen_subcommand_from cc wrap link'
complete -c tenon -n "$record" -s p -l unit-prefix -x -d 'prefix of names'
complete -c tenon -n '__fish_seen_subcommand_from wrap' -s o -l output -r -d 'write this file'

set -l made '__fish_seen_subcommand_from pack build'
complete -c tenon -n "$made" -s o -l output -r -d "the bundle to write"
complete -c tenon -n "$made" -l bundle -x -a 'auto none' -d "libraries to bring along"
complete -c tenon -n "$made" -l host -r -d "the program that loads it"
complete -c tenon -n "$made" -s L -l library-dir -x -a '(__fish_complete_directories)' -d "where else to look for libraries"
complete -c tenon -n "$made" -l resource -r -d "a file as data/NAME"
complete -c tenon -n "$made" -l data -r -d "a file as data/NAME"
complete -c tenon -n "$made" -l set-runpath -d "write missing run paths into copies"

set -l build '__fish_seen_subcommand_from build'
complete -c tenon -n "$build" -l cc -r -d "the compiler"
complete -c tenon -n "$build" -l cflag -x -d "a word for the compiler"
complete -c tenon -n "$build" -l ldflag -x -d "a word for the link"
complete -c tenon -n "$build" -l package -x -d "a findlib package of OCaml code"
complete -c tenon -n "$build" -l ocamlfind -x -d "findlib's command"
complete -c tenon -n "$build" -l ocamlflag -x -d "a word for OCaml's compilers"
complete -c tenon -n "$build" -l unit-prefix -x -d "what the names of units begin with"

set -l written '__fish_seen_subcommand_from pack build bundle'
complete -c tenon -n "$written" -l name -x -d "the plugin's name"
complete -c tenon -n "$written" -l desc -x -d "what it is"
complete -c tenon -n "$written" -l author -x -d "who wrote it"
complete -c tenon -n "$written" -l date -x -d "when, in seconds since 1970"
complete -c tenon -n "$written" -l url -x -d "where there is more"
complete -c tenon -n "$written" -l license -x -d "its license"
complete -c tenon -n "$written" -l copyrights -x -d "its copyright notices"
complete -c tenon -n "$written" -l main -x -d "base name of its own code"
complete -c tenon -n "$written" -l tags -x -d "features it offers"
complete -c tenon -n "$written" -l cons -x -d "features the host must offer"
complete -c tenon -n "$written" -l argv -x -d "a line about its arguments"
complete -c tenon -n "$written" -l private -x -d "a unit that is a copy of its own"
complete -c tenon -n "$written" -l requires -x -d "a unit the host must have"
complete -c tenon -n "$written" -l provides -x -d "a unit it has"
complete -c tenon -n "$written" -l version -x -d "the plugin's version"

set -l bundle '__fish_seen_subcommand_from bundle'
complete -c tenon -n "$bundle" -a 'show update install remove sign verify'
complete -c tenon -n "$bundle" -l manifest -d "tenon.json as it is"
complete -c tenon -n "$bundle" -l resources -d "only the resources"
complete -c tenon -n "$bundle" -l libraries -d "only the libraries"
complete -c tenon -n "$bundle" -l verify -d "read and check everything"
complete -c tenon -n "$bundle" -l destdir -x -a '(__fish_complete_directories)' -d "the directory"
complete -c tenon -n "$bundle" -l add-resource -r -d "a file as data/NAME"
complete -c tenon -n "$bundle" -l drop -x -d "an entry to leave out"
complete -c tenon -n "$bundle" -l key -r -d "the secret key to sign with"
complete -c tenon -n "$bundle" -l comment -x -d "a line that is signed too"

set -l cache '__fish_seen_subcommand_from cache'
complete -c tenon -n "$cache" -f -a 'list prune'
complete -c tenon -n "$cache" -l cache -x -a '(__fish_complete_directories)' -d "the cache directory"
complete -c tenon -n "$cache" -l all -d "remove everything"

set -l check '__fish_seen_subcommand_from check'
set -l run '__fish_seen_subcommand_from run'
for command in $bundle $check $run
    complete -c tenon -n "$command" -l trust -r -d "a public key whose signatures are good"
    complete -c tenon -n "$command" -l require-signature -d "refuse what no trusted key has signed"
end
for command in $check $run
    complete -c tenon -n "$command" -l weak -d "answer for a host without record, from its symbols"
    complete -c tenon -n "$command" -l each -d "each plugin on its own: leave out the refused"
    complete -c tenon -n "$command" -s d -l directory -x -a '(__fish_complete_directories)' -d "look for plugins in DIR, too"
end
complete -c tenon -n "$check" -l loader -x -a 'native bytecode toplevel' -d "a loader of OCaml"
complete -c tenon -n "$check" -l offer -x -d "a feature that the host offers"
complete -c tenon -n "$run" -l host -r -d "first check them against PROG"

set -l settings '__fish_seen_subcommand_from find flags platform'
complete -c tenon -n "$settings" -l config -r -d "read FILE instead of tenon.conf"
complete -c tenon -n "$settings" -l set -x -d "give a variable a value"
complete -c tenon -n '__fish_seen_subcommand_from find' -l format -x -a 'make sh json pc cmake meson' -d "for whom"
complete -c tenon -n '__fish_seen_subcommand_from flags' -l format -x -a 'text words make sh json' -d "for whom"
complete -c tenon -n '__fish_seen_subcommand_from platform' -l format -x -a 'make sh json' -d "for whom"

set -l find '__fish_seen_subcommand_from find'
complete -c tenon -n "$find" -s H -l header -r -d "a header that must be there"
complete -c tenon -n "$find" -s f -l function -x -d "a function of the library"
complete -c tenon -n "$find" -l program -r -d "a program that must exit with 0"
complete -c tenon -n "$find" -s d -l dir -x -a '(__fish_complete_directories)' -d "search below DIR first"
complete -c tenon -n "$find" -l cflags -x -d "compile with these"
complete -c tenon -n "$find" -l libs -x -d "link with these"
complete -c tenon -n "$find" -l version-macro -x -d "the version of the header"
complete -c tenon -n "$find" -l version-function -x -d "the version of the library"
complete -c tenon -n "$find" -l version-cmd -x -d "a command that prints it"
complete -c tenon -n "$find" -l min-version -x -d "refuse lower ones"
complete -c tenon -n "$find" -l static -d "what a static link needs"
complete -c tenon -n "$find" -s w -l write -x -a '(__fish_complete_directories)' -d "keep the result in DIR"
complete -c tenon -n "$find" -l batch -r -d "search for what each line says"
complete -c tenon -n "$find" -s j -l jobs -x -d "this many at once"
complete -c tenon -n "$find" -l no-cache -d "keep no answers"
complete -c tenon -n "$find" -l cc -r -d "the compiler"
complete -c tenon -n "$find" -l sysroot -x -a '(__fish_complete_directories)' -d "the tree it compiles for"
complete -c tenon -n "$find" -l exe-wrapper -x -d "what starts its programs"
complete -c tenon -n "$find" -l localbase -x -a '(__fish_complete_directories)' -d "searched after each --dir"
complete -c tenon -n "$find" -l platform -x -d "its platform"
complete -c tenon -n "$find" -l known -d "print the list of known libraries"

set -l flags '__fish_seen_subcommand_from flags'
complete -c tenon -n "$flags" -l platform -x -d "for this platform, or all"
complete -c tenon -n "$flags" -l make-shared -d "what makes a shared library there"
complete -c tenon -n "$flags" -l version -x -d "its version"
complete -c tenon -n "$flags" -l from -x -a '(__fish_complete_directories)' -d "join what tenon find wrote"

complete -c tenon -n '__fish_seen_subcommand_from platform' -l list -d "the names of all platforms"

set -l plist '__fish_seen_subcommand_from plist'
complete -c tenon -n "$plist" -l root -x -a '(__fish_complete_directories)' -d "where the directories of the list are"
complete -c tenon -n "$plist" -s D -l define -x -d "what a name stands for"
complete -c tenon -n "$plist" -l platform -x -d "file names of this platform"
complete -c tenon -n "$plist" -l scan -d "write a list for a tree"
