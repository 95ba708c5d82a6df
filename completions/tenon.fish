# tenon.fish - completion of tenon's command line for fish

set -l commands why show units cc wrap link
set -l levels x86-64-v2 x86-64-v3 x86-64-v4 power9 power10 z13 z14 z15 z16

complete -c tenon -n "not __fish_seen_subcommand_from $commands" -f
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a why -d 'what would be loaded, and why'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a show -d 'what the linker recorded'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a units -d 'units of a file'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a cc -d 'compile, with notes that name units'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a wrap -d 'put such notes into ready files'
complete -c tenon -n "not __fish_seen_subcommand_from $commands" -a link -d 'link with a record of what is in it'
complete -c tenon -l help -d 'print the help and exit'
complete -c tenon -l version -d 'print the version and exit'

set -l any "__fish_seen_subcommand_from $commands"
complete -c tenon -n "$any" -l json -d 'print one JSON object'
complete -c tenon -n "$any" -s q -l quiet -d 'no answer, only the exit status'
complete -c tenon -n "$any" -s v -l verbose -d 'say more'
complete -c tenon -n "$any" -l color -x -a 'auto always never' -d 'colours'
complete -c tenon -n "$any" -l sysroot -x -a '(__fish_complete_directories)' -d 'the system below'

set -l images '__fish_seen_subcommand_from why show'
complete -c tenon -n "$images" -l dlopen -d 'libraries it may ask for at run time'

set -l why '__fish_seen_subcommand_from why'
complete -c tenon -n "$why" -l lib -x -d 'only the chains to this library'
complete -c tenon -n "$why" -l symbols -d 'who provides each undefined symbol'
complete -c tenon -n "$why" -l what-if -x -a 'env: secure interpreter: without: cpu:' -d 'ask again with a change'
complete -c tenon -n "$why" -l skip-other -d 'leave out files that are no images'
complete -c tenon -n "$why" -l loader -x -a 'glibc musl' -d 'follow these rules'
complete -c tenon -n "$why" -l env -x -d 'set a variable'
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

set -l units '__fish_seen_subcommand_from units'
complete -c tenon -n "$units" -l doubles -d 'only what is there twice among all files'
complete -c tenon -n "$units" -l skip-other -d 'leave out files that are no images'

set -l record '__fish_seen_subcommand_from cc wrap link'
complete -c tenon -n "$record" -s p -l unit-prefix -x -d 'prefix of names'
complete -c tenon -n '__fish_seen_subcommand_from wrap' -s o -l output -r -d 'write this file'
