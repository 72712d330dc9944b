/* The test device's application. It runs bare on QEMU's virt machine, prints a banner and answers two commands on
   the serial console: `version` and `reboot`. What the boot script knows comes in the kernel arguments.

   -DVERSION="1.0.0"   the version it calls itself
   -DCRASHES           no banner and no answers; after a second it resets, as a watchdog would
   -DHANGS             no banner, no answers, no reset */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define UART 0x09000000UL /* PL011, ARM DDI 0183 */
#define UART_DR (*(volatile u32 *)(UART + 0x00))
#define UART_FR (*(volatile u32 *)(UART + 0x18))
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)

static void put(char c) {
  while (UART_FR & FR_TXFF) {
  }
  UART_DR = (u8)c;
}

static void print(const char *text) {
  for (; *text; ++text) {
    put(*text);
  }
}

/* PSCI SYSTEM_RESET (ARM DEN 0022, section 5.11); QEMU's virt machine takes HVC. */
static void reset(void) {
  register u64 function __asm__("x0") = 0x84000009;
  __asm__ volatile("hvc #0" : "+r"(function) : : "memory");
}

static void wait_seconds(u64 seconds) {
  u64 frequency, begin, now;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  __asm__ volatile("mrs %0, cntpct_el0" : "=r"(begin));
  do {
    __asm__ volatile("isb; mrs %0, cntpct_el0" : "=r"(now));
  } while (now - begin < seconds * frequency);
}

static int starts_with(const char *text, const char *begin) {
  for (; *begin; ++text, ++begin) {
    if (*text != *begin) {
      return 0;
    }
  }
  return 1;
}

/* Kernel arguments: searched for in the device tree's bytes, whose size stands big-endian at offset 4. */
static const char *argument(const u8 *tree, const char *name) {
  const u32 size = ((u32)tree[4] << 24) | ((u32)tree[5] << 16) | ((u32)tree[6] << 8) | tree[7];
  u32 length = 0;
  while (name[length]) {
    ++length;
  }
  for (u32 i = 0; i + length < size; ++i) {
    if (starts_with((const char *)tree + i, name)) {
      return (const char *)tree + i + length;
    }
  }
  return "";
}

static void print_argument(const u8 *tree, const char *label, const char *name) {
  print(label);
  for (const char *value = argument(tree, name); *value > ' '; ++value) {
    put(*value);
  }
}

static u32 digit(char c) {
  return (u32)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* U-Boot stores the CRC most significant byte first; its setexpr read that as a little-endian number, without
   leading zeros. Turned back here. */
static void print_crc(const u8 *tree) {
  static const char hex[] = "0123456789abcdef";
  u32 number = 0;
  for (const char *value = argument(tree, "sealift.crc_le="); *value > ' '; ++value) {
    number = (number << 4) | digit(*value);
  }
  print(" crc=");
  for (int i = 0; i < 4; ++i, number >>= 8) {
    put(hex[(number >> 4) & 15]);
    put(hex[number & 15]);
  }
}

static void print_status(const u8 *tree) {
  print("\r\nstatus version=" VERSION);
  print_argument(tree, " slot=", "sealift.slot=");
  print_argument(tree, " trial=", "sealift.trial=");
  print_crc(tree);
  print_argument(tree, " board=", "sealift.board=");
  print_argument(tree, " revision=", "sealift.revision=");
  print_argument(tree, " serial=", "sealift.serial=");
  print_argument(tree, " security=", "sealift.security=");
  print_argument(tree, " verified=", "sealift.verified=");
  print("\r\n");
}

void main(const u8 *tree) {
#if defined(CRASHES)
  (void)tree;
  wait_seconds(1);
  reset();
#elif defined(HANGS)
  (void)tree;
  for (;;) {
    wait_seconds(1);
  }
#else
  char line[32];
  u32 length = 0;
  (void)wait_seconds;
  print("\r\nTide gauge firmware " VERSION " ready\r\n");
  for (;;) {
    if (UART_FR & FR_RXFE) {
      continue;
    }
    const char c = (char)(UART_DR & 0x7F);
    if (c == '\r') {
      line[length] = 0;
      if (starts_with(line, "version") && length == 7) {
        print_status(tree);
      } else if (starts_with(line, "reboot") && length == 6) {
        print("\r\nrestarting\r\n");
        reset();
      } else if (length > 0) {
        print("\r\nunknown command\r\n");
      }
      length = 0;
    } else if (c == 3) { /* ^C: forget the line */
      length = 0;
    } else if (length < sizeof line - 1) {
      line[length++] = c;
    }
  }
#endif
}
