"""What the documentation tests read from mdoc sources and from C headers."""

import re

MACRO_ARGUMENT = re.compile(r'"([^"]*)"|(\S+)')


def arguments(line):
    """The arguments of a macro line, quotes removed: '.Fn f "int a"' gives ['f', 'int a']."""
    return [quoted or plain for quoted, plain in MACRO_ARGUMENT.findall(line)][1:]


def sections(source):
    """{heading: lines} of a page, by .Sh."""
    found, lines = {}, []
    for line in source.splitlines():
        if line.startswith('.Sh '):
            lines = found.setdefault(' '.join(arguments(line)), [])
        else:
            lines.append(line)
    return found


def evidence(lines, rules):
    """{rule: what stands behind it} by the .Ss Evidence of a section; one word is for the rest."""
    said, word, rest = {}, None, None
    for line in lines[lines.index('.Ss Evidence') + 1:] if '.Ss Evidence' in lines else ():
        if line.startswith('.Ss '):
            break
        if line.startswith('.It Ql '):
            word = arguments(line)[1]
        elif line.startswith('.Sy '):
            said[' '.join(arguments(line)).removesuffix(' ,')] = word
        elif line in ('All rules.', 'All others.'):
            rest = word
    return {**{rule: rest for rule in rules if rest}, **said}


def evidence_of_rules(rules):
    """The .Ss Evidence that says this."""
    words = list(rules.values())
    most = max(sorted(set(words)), key=words.count)
    lines = ['.Ss Evidence', '.Bl -tag -width documentation -compact']
    for word in sorted(set(words) - {most}):
        names = [name for name, each in rules.items() if each == word]
        lines += ['.It Ql ' + word, *['.Sy %s ,' % name for name in names[:-1]], '.Sy ' + names[-1]]
    lines += ['.It Ql ' + most, 'All others.' if set(words) - {most} else 'All rules.', '.El']
    return '\n'.join(lines)


def flags(line):
    """The flags of a macro line, as '--json' and '-v'."""
    words = line.split()
    return {'-' + after for word, after in zip(words, words[1:]) if word == 'Fl'}


def option_items(source):
    """Options that a page documents: for each '.It Fl' item its set of names."""
    return [flags(line) for line in source.splitlines() if line.startswith('.It Fl ')]


def options(source):
    """All names of all options that a page documents."""
    return set().union(*option_items(source))


def synopsis_options(source):
    """Options that a page's SYNOPSIS shows."""
    return set().union(*map(flags, sections(source)['SYNOPSIS']))


def prototypes_of_page(source):
    """{function: (return type, [parameter, ...])} of a page's SYNOPSIS."""
    found, result, name, parameters = {}, None, None, []
    for line in sections(source)['SYNOPSIS']:
        if line.startswith('.Ft '):
            result = ' '.join(arguments(line))
        elif line.startswith('.Fn '):
            name, *parameters = arguments(line)
            found[name] = (result, parameters)
        elif line.startswith('.Fo '):
            name, parameters = arguments(line)[0], []
        elif line.startswith('.Fa '):
            parameters.append(' '.join(arguments(line)))
        elif line.startswith('.Fc'):
            found[name] = (result, parameters)
    return found


def split_parameters(text):
    """'int a, int (*f)(int, int)' gives its two parameters."""
    parts, depth = [''], 0
    for character in text:
        depth += {'(': 1, ')': -1}.get(character, 0)
        if character == ',' and depth == 0:
            parts.append('')
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def prototypes_of_header(source):
    """{function: (return type, [parameter, ...])} of everything marked TENON_API."""
    source = re.sub(r'/\*.*?\*/', '', source, flags=re.S)
    source = re.sub(r'^\s*#(?:.*\\\n)*.*$', '', source, flags=re.M)
    found = {}
    for result, name, parameters in re.findall(
            r'\bTENON_API\b([^;{]*?)\b(tenon_\w+)\(([^;]*)\)\s*(?:__attribute__[^;]*)?;', source):
        found[name] = (' '.join(result.split()), split_parameters(' '.join(parameters.split())))
    return found


def mdoc_of_prototype(name, prototype):
    """The lines a page needs for a function, to be pasted from a failing test."""
    def quote(text):
        return '"%s"' % text if ' ' in text else text
    result, parameters = prototype
    lines = ['.Ft ' + quote(result), ' '.join(['.Fn', name] + [quote(p) for p in parameters])]
    if len(lines[1]) > 78:
        lines[1:] = ['.Fo ' + name] + ['.Fa ' + quote(p) for p in parameters] + ['.Fc']
    return '\n'.join(lines)
