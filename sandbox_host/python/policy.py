"""policy.py - walls 1 (language) and 3 (imports), the half that stands before a
script runs: what a script may say.

Runs in workers.  check() says everything that is wrong with a script's text;
compile_script() rewrites its tree so that attributes, imports, assignments
and classes go through guards.py, and compiles it.  A kind of node that
neither RestrictedPython nor this file knows is refused.

How to allow a construct: write visit_<Node> here, say in a comment why it is
safe, and add a route to test/policy/refused.py and a use to idioms.py.
"""
import ast
import builtins as _builtins
import io
import re
import sys
import tokenize
import unicodedata
import warnings

from RestrictedPython.transformer import RestrictingNodeTransformer
from RestrictedPython.transformer import INSPECT_ATTRIBUTES

import guards
import names
from guards import (IMPORTS, INTERNALS, NAMED_TUPLE_EXTRAS, NEVER, RISKY, SCRIPT_FILE,
                    Proxy, RESERVED_PRIVATE, _POSITIONAL_FIELD, _proxy_tables, bad_name, reason)

# Limits of a source text.  A person's script is far below each of them.
MAX_SOURCE = 256 * 1024         # bytes of UTF-8
MAX_DEPTH = 200                 # nesting of the syntax tree
MAX_NODES = 200_000
MAX_FINDINGS = 200
MAX_CONSTANT_BITS = 1 << 22     # of an integer written as a constant power


# ---------------------------------------------------------------------------
# Findings
# ---------------------------------------------------------------------------

class Finding:
    """One thing wrong with a script: where, what, why, what to do instead."""

    __slots__ = ("line", "column", "severity", "what", "why", "instead", "kind")

    def __init__(self, line, column, what, why="", instead="", severity=1,
                 kind="policy"):
        self.line = line
        self.column = column
        self.severity = severity
        self.what = what
        self.why = why
        self.instead = instead
        self.kind = kind

    def __repr__(self):
        return f"{self.line}:{self.column}: {self.what}"


class ScriptRefused(Exception):
    """compile_script() found errors; findings says which."""

    def __init__(self, findings):
        super().__init__(findings[0].what if findings else "refused")
        self.findings = findings


# ---------------------------------------------------------------------------
# The tree
# ---------------------------------------------------------------------------

# Builtins that exist in Python and not here.
REFUSED_BUILTINS = {
    "eval": ("it runs text as code", "df.eval and df.query take simple expressions"),
    "exec": ("it runs text as code", ""),
    "compile": ("it makes code of text", ""),
    "open": ("scripts have no files", "the data frame is all the input there is"),
    "input": ("nobody is there to answer", ""),
    "breakpoint": ("there is no debugger", "print() goes to the job's log"),
    "globals": ("it reaches the interpreter's internals", ""),
    "locals": ("it reaches the interpreter's internals", ""),
    "vars": ("it reaches the interpreter's internals", ""),
    "dir": ("it reaches the interpreter's internals", ""),
    "id": ("it tells memory addresses", ""),
    "memoryview": ("it reaches raw memory", "bytes and bytearray are available"),
    "help": ("it reaches the interpreter's internals", ""),
    "__import__": ("modules are imported by name at the top of a script", ""),
    "aiter": ("there is nothing to wait for", ""),
    "anext": ("there is nothing to wait for", ""),
}

class _Depth(Exception):
    pass


def _identifiers(node):
    """Every identifier that a node carries, whatever the node: a new kind of
    node in a new Python has its names checked without a rule of its own."""
    for field, value in ast.iter_fields(node):
        if isinstance(node, ast.Constant) or field in ("type_comment", "module"):
            continue
        if isinstance(value, str):
            yield field, value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, str):
                    yield field, item


class Checker(RestrictingNodeTransformer):
    """Reads and rewrites a script's tree.  RestrictedPython's base refuses
    every kind of node that neither it nor this class knows."""

    def __init__(self, lines):
        super().__init__()
        self.lines = lines
        self.findings = []
        self.bound = set()          # every name the script binds anywhere
        self.imported = {}          # name -> proxy or value, bound by import only
        self.attributes = set()     # attribute names the script itself defines
        self.privates = set()       # names with one underscore that its classes define
        self.caught = set()         # names of `except ... as name`
        self.nameable = set()       # names of parameters, functions and classes
        self.methods = []           # stack: name of self, or None
        self.in_class = [False]
        self.depth = 0

    # -- reporting

    def where(self, node):
        line = getattr(node, "lineno", 0) or 0
        offset = getattr(node, "col_offset", 0) or 0
        if 0 < line <= len(self.lines):
            text = self.lines[line - 1].encode("utf-8", "replace")[:offset]
            return line, len(text.decode("utf-8", "replace")) + 1
        return line, 0

    def report(self, node, what, why="", instead="", severity=1, kind="policy"):
        line, column = self.where(node)
        for f in self.findings:
            if (f.line, f.column, f.what) == (line, column, what):
                return
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(line, column, what, why, instead, severity, kind))

    def error(self, node, info):
        self.report(node, info)

    def warn(self, node, info):
        pass

    def not_allowed(self, node):
        name = type(node).__name__
        told = {"AsyncFunctionDef": "async functions", "Await": "await",
                "AsyncFor": "async for", "AsyncWith": "async with",
                "TryStar": "except*", "TemplateStr": "template strings",
                "Interpolation": "template strings", "TypeAlias": "type aliases",
                "TypeVar": "type parameters", "ParamSpec": "type parameters",
                "TypeVarTuple": "type parameters"}.get(name, name)
        self.report(node, f"{told} cannot be used in scripts",
                    "there is no rule that makes it safe")

    # -- first pass: limits, identifiers, what the script binds

    def scan(self, tree):
        stack = [(tree, 0)]
        count = 0
        binds = {}
        imports = {}
        while stack:
            node, depth = stack.pop()
            count += 1
            if depth > MAX_DEPTH:
                raise _Depth(node)
            if count > MAX_NODES:
                raise _Depth(node)
            for field, name in _identifiers(node):
                self._check_identifier(node, field, name)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                binds[node.id] = binds.get(node.id, 0) + 1
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self.attributes.add(node.attr)
            elif isinstance(node, ast.ClassDef):
                self._scan_class(node)
                for item in node.body:
                    if isinstance(item, ast.FunctionDef):
                        self.attributes.add(item.name)
                    for target in getattr(item, "targets", None) or [getattr(item, "target", None)]:
                        if isinstance(target, ast.Name):
                            self.attributes.add(target.id)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                binds[node.name] = binds.get(node.name, 0) + 1
                self.nameable.add(node.name)
            elif isinstance(node, ast.arg):
                binds[node.arg] = binds.get(node.arg, 0) + 1
                self.nameable.add(node.arg)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.caught.add(node.name)
                binds[node.name] = binds.get(node.name, 0) + 1
            elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                binds[node.name] = binds.get(node.name, 0) + 1
            elif isinstance(node, ast.MatchMapping) and node.rest:
                binds[node.rest] = binds.get(node.rest, 0) + 1
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    imports.setdefault(name, []).append((node, alias))
            for child in ast.iter_child_nodes(node):
                stack.append((child, depth + 1))
        self.bound = set(binds) | set(imports)
        for name, found in imports.items():
            values = [self._imported_value(*f) for f in found]
            if name not in binds and all(v is not None and v is values[0] for v in values):
                self.imported[name] = values[0]

    def _scan_class(self, node):
        """_names that a class defines: its methods and variables, and what its
        methods assign to their first parameter."""
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                self.privates.add(item.name)
                first = [*item.args.posonlyargs, *item.args.args][:1]
                for inner in ast.walk(item) if first else ():
                    if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) \
                            and isinstance(inner.value, ast.Name) and inner.value.id == first[0].arg:
                        self.privates.add(inner.attr)
            for target in getattr(item, "targets", None) or [getattr(item, "target", None)]:
                if isinstance(target, ast.Name):
                    self.privates.add(target.id)

    def _imported_value(self, node, alias):
        if isinstance(node, ast.Import):
            path = alias.name if alias.asname else alias.name.split(".")[0]
            return IMPORTS.get(path)
        proxy = IMPORTS.get(node.module or "")
        if node.level or proxy is None:
            return None
        value = _proxy_tables[id(proxy)][1].get(alias.name)
        if value is None:
            value = IMPORTS.get(f"{node.module}.{alias.name}")
        return value

    def _check_identifier(self, node, field, name):
        if field == "attr" or field == "kwd_attrs":
            return                  # attributes have their own rule
        if isinstance(node, ast.alias):
            name = name if field == "asname" else ""
        if isinstance(node, ast.keyword):
            if name.startswith("__"):
                self.report(node, f'"{name}" cannot be used as an argument name', reason(name)[0])
            return
        if isinstance(node, ast.FunctionDef) and name in names.CLASS_DUNDERS:
            return                  # visit_FunctionDef looks where it stands
        if isinstance(node, ast.Name) and name == "__name__" and isinstance(node.ctx, ast.Load):
            return
        if isinstance(node, ast.Name) and name in names.CLASS_DUNDERS:
            return                  # visit_Name looks where it stands
        if name and bad_name(name):
            self.report(node, f'"{name}" cannot be used as a name',
                        "names with two leading underscores, or one at both ends, are reserved",
                        f'rename it, for example to "{name.strip("_") or "value"}"')

    # -- names and attributes

    def visit_Name(self, node):
        if node.id in names.CLASS_DUNDERS and not self.in_class[-1]:
            self.report(node, f'"{node.id}" cannot be used as a name',
                        "it is the name of a method of a class", "")
        elif isinstance(node.ctx, ast.Load):
            name = node.id
            if name in names.CLASS_DUNDERS:
                pass                        # __rmul__ = __mul__; guards.py wants a function
            elif name == "super":
                self.report(node, "super can only be used as super().method(...)",
                            "", "name the base class's method through super().")
            elif name not in self.bound and name != "__name__":
                if name in REFUSED_BUILTINS:
                    why, instead = REFUSED_BUILTINS[name]
                    self.report(node, f"{name} is not available", why, instead)
                elif hasattr(_builtins, name) and name not in names.BUILTINS and \
                        name not in _OWN_BUILTINS:
                    self.report(node, f"{name} is not available",
                                "it is not on the list of what scripts may use")
                elif name in sys.stdlib_module_names and not hasattr(_builtins, name):
                    self.report(node, f'"{name}" is not defined', "modules must be imported, "
                                "and this one may not be", severity=2)
                elif not hasattr(_builtins, name):
                    self.report(node, f'"{name}" is not defined anywhere in the script',
                                "the line will fail when it is reached", severity=2)
        return node

    def _own_private(self, node):
        """self._x inside a method, where self is its first parameter."""
        return (isinstance(node.value, ast.Name) and self.methods
                and node.value.id == self.methods[-1]
                and not node.attr.startswith("__") and not bad_name(node.attr))

    def _check_attribute(self, node, name):
        if name.startswith("__") or name in INTERNALS:
            if name in self.attributes and not name.startswith("_") \
                    and name not in INSPECT_ATTRIBUTES and name != "mro":
                return
            why, instead = reason(name)
            if not why.startswith(("names", "it reaches")):
                why = "it reaches the interpreter's internals"
            if name.startswith("__") and not name.endswith("__"):
                why = "names with two leading underscores are reserved"
                instead = f"write one underscore: {name[1:]}"
            elif name in ("__class__", "__name__"):
                instead = "type(x).__name__ gives the name of a type"
            self.report(node, f'attribute "{name}" is not available', why, instead)
        elif name in RESERVED_PRIVATE:
            self.report(node, f'attribute "{name}" is not available',
                        "pandas takes objects that have it for its own")
        elif name.startswith("_"):
            # Of a class of the script: guard_getattr sees that it is read of its
            # objects alone.
            if not self._own_private(node) and name not in NAMED_TUPLE_EXTRAS \
                    and not (name in self.privates and not bad_name(name)) \
                    and not _POSITIONAL_FIELD.match(name):
                self.report(node, f'attribute "{name}" is not available',
                            "names with a leading underscore are private to their class",
                            "inside a method of your own class, write self." + name)
        elif name in NEVER and name not in self.attributes:
            why, instead = reason(name)
            if not instead:
                instead = f'if "{name}" is a column, write df["{name}"]'
            self.report(node, f'"{name}" is not available', why, instead)

    def _resolve(self, node):
        """The proxy, class or function that a dotted name stands for, or
        None; reports a step that is not on the list."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._resolve(node.value)
            if type(owner) is Proxy:
                path, table, real = _proxy_tables[id(owner)]
                if node.attr not in table:
                    if not node.attr.startswith("_"):
                        why, instead = reason(node.attr)
                        if real is not None and not hasattr(real, node.attr):
                            why, instead = f"there is no such name in {path}", ""
                        self.report(node, f"{path}.{node.attr} is not available", why, instead)
                    return None
                return table[node.attr]
        return None

    def visit_Attribute(self, node):
        name = node.attr
        if isinstance(node.ctx, ast.Load) and name == "__name__" and \
                isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) \
                and node.value.func.id == "type" and "type" not in self.bound \
                and len(node.value.args) == 1 and not node.value.keywords \
                and not isinstance(node.value.args[0], ast.Starred):
            return self.call("_type_name_", [self.visit(node.value.args[0])], node)
        if isinstance(node.ctx, ast.Load) and name == "__name__":
            named = self._named(node.value)
            if named is not None:
                guard, value = named
                return self.call(guard, [self.visit(value)], node)
        self._check_attribute(node, name)
        if isinstance(node.ctx, ast.Load):
            self._resolve(node)
        elif type(self._resolve(node.value)) is Proxy:
            self.report(node, "modules cannot be changed", "they are read-only")
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            return self.call("_getattr_", [node.value, ast.Constant(name)], node)
        node.value = self.call("_attr_", [node.value], node)
        return node

    def _named(self, value):
        """What X.__name__ may be read of, as (guard, expression): a parameter,
        a function or a class of the script's own, self.__class__ and the
        __class__ of a caught exception.  The guards look again at run time."""
        if isinstance(value, ast.Attribute) and value.attr == "__class__" \
                and isinstance(value.value, ast.Name):
            name = value.value.id
            if (self.methods and name == self.methods[-1]) or name in self.caught:
                return "_type_name_", value.value
        elif isinstance(value, ast.Name) and value.id in self.nameable:
            return "_name_of_", value
        return None

    def visit_Subscript(self, node):
        node.value = self.visit(node.value)
        node.slice = self.visit(node.slice)
        if not isinstance(node.ctx, ast.Load):
            node.value = self.call("_item_", [node.value], node)
        return node

    def call(self, guard, args, at):
        new = ast.Call(func=ast.Name(guard, ast.Load()), args=args, keywords=[])
        ast.copy_location(new, at)
        ast.copy_location(new.func, at)
        for arg in args:
            if not hasattr(arg, "lineno"):
                ast.copy_location(arg, at)
        return new

    def visit_Call(self, node):
        # super().name(...), and nothing else with super.
        f = node.func
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Call) and \
                isinstance(f.value.func, ast.Name) and f.value.func.id == "super" and \
                not f.value.args and not f.value.keywords and "super" not in self.bound:
            if not self.methods or self.methods[-1] is None:
                self.report(node, "super() outside of a method")
            if f.attr == "__init__":
                pass                        # object's or the base's own, as it is
            else:
                self._check_attribute(f, f.attr)
                node.func = self.call("_getattr_", [f.value, ast.Constant(f.attr)], f)
        else:
            node.func = self.visit(node.func)
        node.args = [self.visit(a) for a in node.args]
        node.keywords = [self.visit(k) for k in node.keywords]
        return node

    def visit_keyword(self, node):
        return self.node_contents_visit(node)

    # -- constants

    def visit_Constant(self, node):
        return node

    def visit_BinOp(self, node):
        bits = _constant_bits(node)
        if bits > MAX_CONSTANT_BITS:
            self.report(node, "this constant is too large to compute",
                        f"it has more than {MAX_CONSTANT_BITS:,} bits")
        return self.node_contents_visit(node)

    # -- plain nodes that RestrictedPython rewrites or refuses

    def visit_JoinedStr(self, node):
        return self.node_contents_visit(node)

    def visit_TemplateStr(self, node):
        self.not_allowed(node)
        return node

    visit_Interpolation = visit_TemplateStr

    def visit_NamedExpr(self, node):
        return self.node_contents_visit(node)

    def visit_Yield(self, node):
        return self.node_contents_visit(node)

    def visit_YieldFrom(self, node):
        return self.node_contents_visit(node)

    def visit_Nonlocal(self, node):
        return node

    def visit_Global(self, node):
        return node

    def visit_For(self, node):
        return self.node_contents_visit(node)

    def visit_comprehension(self, node):
        if node.is_async:
            self.report(node.target, "async comprehensions cannot be used in scripts")
        return self.node_contents_visit(node)

    def visit_Assign(self, node):
        return self.node_contents_visit(node)

    def visit_AugAssign(self, node):
        return self.node_contents_visit(node)

    def visit_AnnAssign(self, node):
        # Checked like code, then dropped: nothing of it is evaluated.
        self.visit(node.annotation)
        node.target = self.visit(node.target)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        new = ast.Assign(targets=[node.target], value=self.visit(node.value))
        return ast.copy_location(new, node)

    def visit_Delete(self, node):
        return self.node_contents_visit(node)

    def visit_With(self, node):
        return self.node_contents_visit(node)

    def visit_ExceptHandler(self, node):
        return self.node_contents_visit(node)

    def visit_IfExp(self, node):
        return self.node_contents_visit(node)

    # -- match

    def visit_Match(self, node):
        return self.node_contents_visit(node)

    visit_match_case = visit_Match
    visit_MatchSingleton = visit_Match
    visit_MatchSequence = visit_Match
    visit_MatchStar = visit_Match
    visit_MatchAs = visit_Match
    visit_MatchOr = visit_Match

    def _pattern_name(self, node):
        """A dotted name in a pattern is read by the interpreter itself."""
        if guards.imports_open and isinstance(node, ast.Attribute):
            self.report(node, "dotted names in patterns cannot be used",
                        "with open imports they would read real modules")
        while isinstance(node, ast.Attribute):
            self._native_attribute(node, node.attr)
            self._resolve(node)
            node = node.value

    def _native_attribute(self, node, name):
        if name.startswith("_") or name in INTERNALS or name in RISKY:
            why = reason(name)[0] if name.startswith("_") or name in INTERNALS else \
                "patterns read attributes past every check"
            self.report(node, f'attribute "{name}" in a pattern is not available', why,
                        "match without it and test the attribute in an if")

    def visit_MatchValue(self, node):
        self._pattern_name(node.value)
        if not isinstance(node.value, ast.Attribute):
            self.visit(node.value)
        return node

    def visit_MatchMapping(self, node):
        for key in node.keys:
            self._pattern_name(key)
        node.patterns = [self.visit(p) for p in node.patterns]
        return node

    def visit_MatchClass(self, node):
        # bytes and bytearray are stand-ins that match no "self": case bytes(x)
        # means case bytes() as x.
        if isinstance(node.cls, ast.Name) and node.cls.id in guards._byte_classes \
                and node.cls.id not in self.bound and len(node.patterns) == 1 \
                and isinstance(node.patterns[0], ast.MatchAs) and node.patterns[0].pattern is None:
            name = node.patterns[0].name
            node.patterns = []
            if name is not None:
                return ast.copy_location(ast.MatchAs(self.visit_MatchClass(node), name), node)
        self._pattern_name(node.cls)
        if isinstance(node.cls, ast.Name):
            self.visit(node.cls)
        for name in node.kwd_attrs:
            self._native_attribute(node, name)
        node.patterns = [self.visit(p) for p in node.patterns]
        node.kwd_patterns = [self.visit(p) for p in node.kwd_patterns]
        return node

    # -- functions and classes

    def _strip(self, args):
        everything = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        everything += [a for a in (args.vararg, args.kwarg) if a is not None]
        for a in everything:
            if a.annotation is not None:
                self.visit(a.annotation)
                a.annotation = None
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]

    def visit_FunctionDef(self, node):
        if getattr(node, "type_params", None):
            self.report(node, "type parameters cannot be used in scripts")
        inside_class = self.in_class[-1]
        if node.name.startswith("__") and not (
                inside_class and node.name in names.CLASS_DUNDERS):
            self.report(node, f'"{node.name}" cannot be defined', reason(node.name)[0])
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        if node.returns is not None:
            self.visit(node.returns)
            node.returns = None
        self._strip(node.args)
        first = [*node.args.posonlyargs, *node.args.args]
        if inside_class:
            own = first[0].arg if first else None
        else:
            own = self.methods[-1] if self.methods else None
            if own in {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}:
                own = None
        self.methods.append(own)
        self.in_class.append(False)
        node.body = self._body(node.body)
        self.in_class.pop()
        self.methods.pop()
        return node

    def _body(self, body):
        out = []
        for statement in body:
            new = self.visit(statement)
            if isinstance(new, list):
                out.extend(new)
            elif new is not None:
                out.append(new)
        return out or [ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)]

    def visit_Lambda(self, node):
        self._strip(node.args)
        self.in_class.append(False)
        node.body = self.visit(node.body)
        self.in_class.pop()
        return node

    def visit_ClassDef(self, node):
        if getattr(node, "type_params", None):
            self.report(node, "type parameters cannot be used in scripts")
        for keyword in node.keywords:
            self.report(node, "a class statement takes no keywords",
                        "a metaclass would change how classes work")
        node.keywords = []
        for base in node.bases:
            if isinstance(base, ast.Starred):
                self.report(base, "bases of a class must be written out")
                continue
            value = self._resolve(base)
            if isinstance(base, ast.Name) and base.id not in self.bound:
                builtin = getattr(_builtins, base.id, None)
                if isinstance(builtin, type) and builtin is not object and \
                        not issubclass(builtin, Exception):
                    self.report(base, f"a class may not derive from {base.id}",
                                "only object, exceptions and the script's own classes can be bases",
                                f"keep the {base.id} in an attribute of the class")
            if isinstance(value, type) and not issubclass(value, Exception):
                self.report(base, "a class may not derive from a library's class",
                            "it could override what the driver calls",
                            "keep the data frame in an attribute of the class instead")
        node.bases = [self.visit(b) for b in node.bases]
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        self.in_class.append(True)
        node.body = self._body(node.body)
        self.in_class.pop()
        node.keywords = [ast.keyword(arg="metaclass", value=ast.copy_location(
            ast.Name("_meta_", ast.Load()), node))]
        ast.copy_location(node.keywords[0], node)
        return node

    # -- imports

    def _bind(self, node, name, args):
        target = ast.copy_location(ast.Name(name, ast.Store()), node)
        value = self.call("_import_", [ast.Constant(a) for a in args], node)
        return ast.copy_location(ast.Assign(targets=[target], value=value), node)

    def _no_module(self, node, name):
        shown = sorted(n for n in IMPORTS if "." not in n)
        self.report(node, f'module "{name}" cannot be imported',
                    "scripts may import " + ", ".join(shown),
                    "an administrator can allow more harmless modules with "
                    "transform.allowed_modules")

    def visit_Import(self, node):
        if getattr(node, "is_lazy", 0):
            self.report(node, "lazy imports cannot be used in scripts")
        out = []
        for alias in node.names:
            if alias.name not in IMPORTS and not guards.imports_open:
                self._no_module(node, alias.name)
                continue
            top = alias.name.split(".")[0]
            if alias.asname:
                out.append(self._bind(node, alias.asname, [alias.name]))
            else:
                out.append(self._bind(node, top, [top]))
        return out or ast.copy_location(ast.Pass(), node)

    def visit_ImportFrom(self, node):
        if getattr(node, "is_lazy", 0):
            self.report(node, "lazy imports cannot be used in scripts")
        if node.module == "__future__" and not node.level:
            for alias in node.names:
                if alias.name != "annotations":
                    self.report(node, f'"{alias.name}" cannot be imported from __future__')
            return ast.copy_location(ast.Pass(), node)
        if guards.imports_open and not node.level and node.module not in IMPORTS:
            return [self._bind(node, alias.asname or alias.name, [node.module, alias.name])
                    for alias in node.names if alias.name != "*"] or \
                ast.copy_location(ast.Pass(), node)
        if node.level or node.module not in IMPORTS:
            self._no_module(node, "." * node.level + (node.module or ""))
            return ast.copy_location(ast.Pass(), node)
        proxy = IMPORTS[node.module]
        path, table, _ = _proxy_tables[id(proxy)]
        out = []
        for alias in node.names:
            bound = alias.asname or alias.name
            if alias.name == "*":
                self.report(node, '"import *" cannot be used in scripts',
                            "a reader must see where a name comes from",
                            f"import {node.module}, or name what is needed")
            elif alias.name in table:
                out.append(self._bind(node, bound, [node.module, alias.name]))
            elif f"{node.module}.{alias.name}" in IMPORTS:
                out.append(self._bind(node, bound, [f"{node.module}.{alias.name}"]))
            else:
                why, instead = reason(alias.name)
                self.report(node, f'"{alias.name}" cannot be imported from {node.module}',
                            why, instead)
        return out or ast.copy_location(ast.Pass(), node)

    def visit_Module(self, node):
        node.body = self._body(node.body)
        return node

    # -- def transform

    def check_transform(self, tree):
        found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "transform"]
        other = [n for n in tree.body if not isinstance(n, ast.FunctionDef)
                 and getattr(n, "name", None) == "transform"]
        if not found:
            at = other[0] if other else None
            line, column = self.where(at) if at is not None else (0, 0)
            self.findings.append(Finding(
                line, column, "transform is not a function" if other else
                "there is no function transform",
                "a script needs def transform(df) at its top level",
                "write def transform(df): ... return df", kind="transform"))
            return
        if len(found) > 1:
            self.report(found[-1], "transform is defined more than once",
                        "only the last definition is called", severity=2)
        node = found[-1]
        positional = [*node.args.posonlyargs, *node.args.args]
        required = len(positional) - len(node.args.defaults)
        bad = None
        if not positional and node.args.vararg is None:
            bad = "transform takes no data frame"
        elif any(d is None for d in node.args.kw_defaults):
            bad = "transform has a keyword-only parameter without a default"
        if bad:
            self.report(node, bad, "it is called as transform(df), or as transform(df, params) "
                        "when its second parameter is named params",
                        "write def transform(df) or def transform(df, params)",
                        kind="transform")
        elif required > 2 or (required == 2 and positional[1].arg != "params"):
            self.report(node, "transform takes several data frames: "
                        + ", ".join(a.arg for a in positional),
                        "a job must then name as many sources",
                        "submit it with sources => '{\"" + positional[0].arg + "\": ...}', or write "
                        "def transform(df, params)", severity=2)


_OWN_BUILTINS = names.words("getattr hasattr setattr delattr print type super")


def _constant_bits(node):
    """About how many bits a constant expression has, without computing it;
    0 when it is no constant."""
    value = _constant(node)
    if value is None:
        return 0
    return value


def _constant(node, depth=0):
    if depth > 20:
        return None
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return max(1, node.value.bit_length())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return _constant(node.operand, depth + 1)
    if isinstance(node, ast.BinOp):
        left = _constant(node.left, depth + 1)
        right = _constant(node.right, depth + 1)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Pow):
            if right > 40:
                return 1 << 62 if left > 1 else 1
            return left * _magnitude(node.right, right) if left > 1 else 1
        if isinstance(node.op, ast.LShift):
            return left + (_magnitude(node.right, right) if right <= 62 else 1 << 62)
        if isinstance(node.op, ast.Mult):
            return left + right
        if isinstance(node.op, (ast.Add, ast.Sub)):
            return max(left, right) + 1
        return left
    return None


def _magnitude(node, bits):
    if isinstance(node, ast.Constant):
        return abs(node.value)
    return 1 << min(bits, 62)


# Characters that make a text look different from what it is.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _source_findings(code, lines):
    found = []

    def at(offset, what, why, instead=""):
        line = code.count("\n", 0, offset) + 1
        column = offset - (code.rfind("\n", 0, offset) + 1) + 1
        found.append(Finding(line, column, what, why, instead))

    size = len(code.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE:
        found.append(Finding(0, 0, "the script is too long",
                             f"it has {size:,} bytes, the limit is {MAX_SOURCE:,}"))
        return found
    nul = code.find("\0")
    if nul >= 0:
        at(nul, "a NUL character in the script", "Python cannot read it", "remove it")
    m = re.search(r"\r(?!\n)", code)
    if m:
        at(m.start(), "a carriage return without a line feed",
           "Python takes it as the end of a line where most editors show none",
           "save the script with ordinary line ends")
    m = re.search("[\ud800-\udfff]", code)
    if m:
        at(m.start(), "a character that is not Unicode text", "", "remove it")
    m = _BIDI.search(code)
    if m:
        at(m.start(), "a character that reverses the direction of text",
           "it makes code look different from what it does", r"write it as an escape, \u202e")
    return found


def _identifier_findings(code):
    """Identifiers that Python reads differently from how they are written."""
    found = []
    if code.isascii():
        return found
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.NAME and not token.string.isascii():
                normal = unicodedata.normalize("NFKC", token.string)
                if normal != token.string:
                    found.append(Finding(
                        token.start[0], token.start[1] + 1,
                        f'Python reads this name as "{normal}"',
                        "a name must be what it looks like", f'write "{normal}"'))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found


def _prepare(code):
    """(tree or None, findings) of a source text."""
    if code.startswith("\ufeff"):
        code = code[1:]
    lines = code.split("\n")
    findings = _source_findings(code, lines)
    if findings:
        return None, findings
    code = code.replace("\r\n", "\n")
    lines = code.split("\n")
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(max(limit, 6000))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code, SCRIPT_FILE, "exec")
    except SyntaxError as e:
        return None, [Finding(e.lineno or 0, e.offset or 0, f"syntax error: {e.msg}",
                              kind="syntax")]
    except (ValueError, RecursionError, MemoryError) as e:
        return None, [Finding(0, 0, "the script cannot be read", str(e)[:200] or
                              "it is nested too deeply", kind="syntax")]
    finally:
        sys.setrecursionlimit(limit)
    checker = Checker(lines)
    try:
        sys.setrecursionlimit(max(limit, 6000))
        checker.scan(tree)
        checker.check_transform(tree)
        tree = checker.visit(tree)
        ast.fix_missing_locations(tree)
    except _Depth as e:
        line, column = checker.where(e.args[0])
        return None, [Finding(line, column, "the script is nested too deeply or has too many parts",
                              f"the limits are {MAX_DEPTH} levels and {MAX_NODES:,} parts",
                              "split long chains and expressions into several statements")]
    except RecursionError:
        return None, [Finding(0, 0, "the script is nested too deeply")]
    finally:
        sys.setrecursionlimit(limit)
    checker.findings.extend(_identifier_findings(code))
    checker.findings.sort(key=lambda f: (f.line, f.column))
    return tree, checker.findings


def check(code):
    """Everything that is wrong with a script, errors and warnings, without
    running any of it."""
    tree, findings = _prepare(code)
    if tree is not None and not any(f.severity == 1 for f in findings):
        try:
            _compile(tree)
        except SyntaxError as e:
            findings.append(Finding(e.lineno or 0, e.offset or 0,
                                    f"syntax error: {e.msg}", kind="syntax"))
        except (ValueError, RecursionError, MemoryError) as e:
            findings.append(Finding(0, 0, "the script cannot be compiled", str(e)[:200],
                                    kind="syntax"))
    return findings


def _compile(tree):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(tree, SCRIPT_FILE, "exec", dont_inherit=True)


def compile_script(code):
    """The script's code object, rewritten; or ScriptRefused."""
    tree, findings = _prepare(code)
    if tree is None or any(f.severity == 1 for f in findings):
        raise ScriptRefused([f for f in findings if f.severity == 1])
    try:
        return _compile(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise ScriptRefused([Finding(getattr(e, "lineno", 0) or 0, getattr(e, "offset", 0) or 0,
                                     f"syntax error: {getattr(e, 'msg', e)}",
                                     kind="syntax")]) from None
