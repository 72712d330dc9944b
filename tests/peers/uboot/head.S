/* An arm64 Linux kernel image header (Linux, Documentation/arm64/booting.rst, section 4), so that U-Boot boots the
   application as it boots a kernel: MMU off, x0 holds the address of the device tree. */
    .section .head, "ax"
    .globl _start
_start:
    b     begin
    .long 0
    .quad 0                  /* text offset */
    .quad image_size
    .quad 0xA                /* little-endian, 4 KiB pages, may be placed anywhere */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0
begin:
    adrp  x1, stack_top
    add   x1, x1, :lo12:stack_top
    mov   sp, x1
    bl    main
stop:
    wfe
    b     stop
