# tenon.bash - completion of tenon's command line for bash
# shellcheck shell=bash disable=SC2207

_tenon_cpu='x86-64-v2 x86-64-v3 x86-64-v4 power9 power10 z13 z14 z15 z16'
_tenon_common='--json --quiet --verbose --color --help --version'
_tenon_why='--lib --symbols --dlopen --what-if --skip-other --sysroot --loader --env --clean-env
    --cwd --exe --setuid --interpreter --cpu --platform --hide-system --dot'
_tenon_launch='--unit-prefix'
_tenon_wrap='--output --unit-prefix'
_tenon_show='--exports --imports --dlopen --units --sysroot'
_tenon_units='--doubles --skip-other --sysroot'

# Words for the value of the option $1 into COMPREPLY; false when it takes none that we know.
_tenon_value() {
    local current=$2
    case $1 in
    --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")) ;;
    --loader) COMPREPLY=($(compgen -W 'glibc musl' -- "$current")) ;;
    --cpu) COMPREPLY=($(compgen -W "$_tenon_cpu" -- "$current")) ;;
    --sysroot | --cwd) COMPREPLY=($(compgen -d -- "$current")) ;;
    --exe | --interpreter | --output) COMPREPLY=($(compgen -f -- "$current")) ;;
    --env) COMPREPLY=($(compgen -S = -W 'LD_LIBRARY_PATH LD_PRELOAD' -- "$current")) ;;
    --what-if)
        COMPREPLY=($(compgen -W 'env: secure interpreter: without: cpu:' -- "$current"))
        compopt -o nospace
        ;;
    --lib | --platform | --unit-prefix) COMPREPLY=() ;;
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
        COMPREPLY=($(compgen -W 'why show units cc wrap link --help --version' -- "$current"))
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
        esac
        return
    fi
    compopt -o filenames
    COMPREPLY=($(compgen -f -- "$current"))
}

complete -F _tenon tenon
