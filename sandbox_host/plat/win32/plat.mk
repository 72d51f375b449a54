# Windows, with mingw-w64 (UCRT): what the compiler and the linker are told,
# and the Python to embed.  The program begins in wmain (service.c).
EXE = .exe
ALL_CPPFLAGS += -D__USE_MINGW_ANSI_STDIO=0
PLAT_LDFLAGS = -municode -static-libgcc -Wl,--dynamicbase,--nxcompat,--high-entropy-va -Wl,--no-insert-timestamp
# the folders of the build stand in no file that is shipped
PYTHON_CFLAGS = -I$(PYTHON)/include -ffile-prefix-map=$(PYTHON)/=
OBJ += $(O)/resource.o
WINDRES ?= $(CC:gcc=windres)
LIBS = $(PYTHON)/libs/python313.lib -lbcrypt -lws2_32 -ladvapi32 -l:libssp.a

$(O)/resource.o: plat/win32/sandbox_host.rc
	@mkdir -p $(@D)
	$(WINDRES) -O coff -o $@ $<
