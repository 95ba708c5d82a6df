# tenon.bash - completion of tenon's command line for bash
# shellcheck shell=bash disable=SC2207

_tenon_commands='why show units cc wrap link pack build bundle cache check run find flags platform
    plist'
_tenon_cpu='native x86-64-v2 x86-64-v3 x86-64-v4 power9 power10 z13 z14 z15 z16'
_tenon_loaders='glibc musl freebsd dragonfly netbsd openbsd solaris hpux bionic windows wine cygwin aix dyld hpux-som netbsd-aout freebsd-aout'
_tenon_common='--json --quiet --verbose --color --help --version'
_tenon_why='--lib --symbols --dlopen --what-if --slice --member --skip-other --sysroot --loader --env
    --setting --clean-env --cwd --exe --setuid --interpreter --cpu --platform --hide-system --dot'
_tenon_show='--exports --imports --dlopen --units --slice --member --skip-other --sysroot'
_tenon_units='--doubles --skip-other --sysroot'
_tenon_launch='--unit-prefix'
_tenon_wrap='--output --unit-prefix'
_tenon_manifest='--name --version --desc --author --date --url --license --copyrights --main --tags
    --cons --argv --private --requires --provides'
_tenon_pack="--output --bundle --host --library-dir --resource --data --set-runpath $_tenon_manifest"
_tenon_build="--cc --cflag --ldflag --unit-prefix --package --ocamlfind --ocamlflag $_tenon_pack"
_tenon_trust='--trust --require-signature'
_tenon_bundle="--manifest --resources --libraries --verify --destdir --add-resource --drop
    --key --comment $_tenon_trust $_tenon_manifest"
_tenon_cache='--cache --all'
_tenon_check="--weak --each --directory --offer --loader $_tenon_trust"
_tenon_run="--host --weak --each --directory $_tenon_trust"
_tenon_settings='--config --set'
_tenon_find="--header --function --program --dir --cflags --libs --version-macro --version-function
    --version-cmd --min-version --static --format --write --batch --jobs --no-cache --cc --sysroot
    --exe-wrapper --localbase --platform --known $_tenon_settings"
_tenon_flags="--platform --make-shared --version --from --format $_tenon_settings"
_tenon_platform="--format --list $_tenon_settings"
_tenon_plist='--root --define --platform --scan'

# Words for the value of the option $1 into COMPREPLY; false when it takes none that we know.
_tenon_value() {
    local current=$2
    case $1 in
    --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")) ;;
    --loader)
        if [[ ${COMP_WORDS[1]} == check ]]; then
            COMPREPLY=($(compgen -W 'native bytecode toplevel' -- "$current"))
        else
            COMPREPLY=($(compgen -W "$_tenon_loaders" -- "$current"))
        fi
        ;;
    --cpu) COMPREPLY=($(compgen -W "$_tenon_cpu" -- "$current")) ;;
    --bundle) COMPREPLY=($(compgen -W 'auto none' -- "$current")) ;;
    --config | --batch | --program | --header | -H | --output | -o | --host | --resource | --data | \
        --add-resource | --key | --trust)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    --format)
        case ${COMP_WORDS[1]} in
        find) COMPREPLY=($(compgen -W 'make sh json pc cmake meson' -- "$current")) ;;
        platform) COMPREPLY=($(compgen -W 'make sh json' -- "$current")) ;;
        *) COMPREPLY=($(compgen -W 'text words make sh json' -- "$current")) ;;
        esac
        ;;
    --cc | --ocamlfind) COMPREPLY=($(compgen -c -- "$current")) ;;
    --destdir | --cache | --directory | -d | --dir | --write | -w | --from | --root | --localbase) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    --name | --desc | --author | --date | --url | --license | --copyrights | --main | --tags | \
        --cons | --argv | --private | --requires | --provides | --cflag | --ldflag | --package | \
        --ocamlflag | --unit-prefix | --drop | --comment | --function | -f | --cflags | --libs | \
        --version-macro | --version-function | --version-cmd | --min-version | --jobs | -j | \
        --exe-wrapper | --set | --define | -D)
        COMPREPLY=()
        ;;
    --sysroot | --cwd) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    --exe | --interpreter) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    --env) COMPREPLY=($(compgen -S = -W 'LD_LIBRARY_PATH LD_PRELOAD' -- "$current")) ;;
    --what-if)
        COMPREPLY=($(compgen -W 'env: setting: secure interpreter: without: cpu:' -- "$current"))
        compopt -o nospace
        ;;
    --lib | --slice | --member | --setting | --platform | --offer) COMPREPLY=() ;;
    *) return 1 ;;
    esac
    return 0
}

_tenon() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}

    # bash splits --color=WHEN at the equals sign
    if [[ $current == '=' ]]; then
        current=
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "$_tenon_commands help --help --version" -- "$current"))
        return
    fi
    _tenon_value "$previous" "$current" && return
    if [[ $current == -* ]]; then
        case ${COMP_WORDS[1]} in
        why) COMPREPLY=($(compgen -W "$_tenon_why $_tenon_common" -- "$current")) ;;
        cc | link) COMPREPLY=($(compgen -W "$_tenon_launch $_tenon_common" -- "$current")) ;;
        wrap) COMPREPLY=($(compgen -W "$_tenon_wrap $_tenon_common" -- "$current")) ;;
        show) COMPREPLY=($(compgen -W "$_tenon_show $_tenon_common" -- "$current")) ;;
        units) COMPREPLY=($(compgen -W "$_tenon_units $_tenon_common" -- "$current")) ;;
        pack) COMPREPLY=($(compgen -W "$_tenon_pack $_tenon_common" -- "$current")) ;;
        build) COMPREPLY=($(compgen -W "$_tenon_build $_tenon_common" -- "$current")) ;;
        bundle) COMPREPLY=($(compgen -W "$_tenon_bundle $_tenon_common" -- "$current")) ;;
        cache) COMPREPLY=($(compgen -W "$_tenon_cache $_tenon_common" -- "$current")) ;;
        check) COMPREPLY=($(compgen -W "$_tenon_check $_tenon_common" -- "$current")) ;;
        run) COMPREPLY=($(compgen -W "$_tenon_run $_tenon_common" -- "$current")) ;;
        find) COMPREPLY=($(compgen -W "$_tenon_find $_tenon_common" -- "$current")) ;;
        flags) COMPREPLY=($(compgen -W "$_tenon_flags $_tenon_common" -- "$current")) ;;
        platform) COMPREPLY=($(compgen -W "$_tenon_platform $_tenon_common" -- "$current")) ;;
        plist) COMPREPLY=($(compgen -W "$_tenon_plist $_tenon_common" -- "$current")) ;;
        esac
        return
    fi
    if ((COMP_CWORD == 2)); then
        case ${COMP_WORDS[1]} in
        bundle) COMPREPLY=($(compgen -W 'show update install remove sign verify' -- "$current")) && return ;;
        cache) COMPREPLY=($(compgen -W 'list prune' -- "$current")) && return ;;
        help) COMPREPLY=($(compgen -W "$_tenon_commands" -- "$current")) && return ;;
        esac
    fi
    if [[ ${COMP_WORDS[1]} == platform ]]; then
        COMPREPLY=($(compgen -W "$(tenon platform --list 2>/dev/null | cut -d ' ' -f 1)" -- "$current"))
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

complete -F _tenon tenon
