"""What plain pandas makes of the legitimate scripts of the corpus, on the Python
that runs this: the last bit of a sine is the system's library's.

    plain.py CORPUS OUT		OUT: a pickle of {file: frame}
"""
import contextlib
import io
import os
import pickle
import sys
import warnings


def main():
    folder, out = sys.argv[1:]
    sys.path.insert(0, os.path.join(folder, "tools"))
    import corpus
    found = {}
    for file in sorted(os.listdir(os.path.join(folder, "legit"))):
        if not file.endswith(".py"):
            continue
        with open(os.path.join(folder, "legit", file), encoding="utf-8") as f:
            code = f.read()
        scope = {"__name__": "user"}
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            exec(compile(code, file, "exec"), scope)
            found[file] = scope["transform"](corpus.sample_frame(corpus.headers(code)["columns"]))
    with open(out, "wb") as f:
        pickle.dump(found, f)
    print("# plain pandas: %d files, Python %s" % (len(found), sys.version.split()[0]))


if __name__ == "__main__":
    main()
