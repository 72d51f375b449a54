# Linux: what the compiler and the linker are told, and the Python to embed.
EXE =
HARDEN += -fPIE
PLAT_LDFLAGS = -pie -Wl,-z,relro,-z,now
PYTHON_CFLAGS := $(shell $(PYTHON_CONFIG) --includes)
LIBS := $(shell $(PYTHON_CONFIG) --embed --ldflags) -lseccomp -lpthread
