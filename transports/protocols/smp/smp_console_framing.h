// SMP over a text console: packets as base64 lines between log output and shell prompts.
// Source: Zephyr, "SMP Transport Specification", section "UART/serial and console".
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <optional>

namespace sealift {

inline constexpr qsizetype kSmpConsoleLine = 127;  // with start marker and newline
// Raw bytes in a full line: (127 - 3) / 4 * 3.
inline constexpr qsizetype kSmpConsoleLineRaw = (kSmpConsoleLine - 3) / 4 * 3;
// A packet travels with its 16-bit length and its CRC; a device buffers these with it.
inline constexpr qsizetype kSmpConsoleOverhead = 4;
// The largest packet whose length field (packet and CRC) still fits 16 bits.
inline constexpr qsizetype kSmpConsoleMaxPacket = 65535 - 2;

// The lines that carry one packet (at most kSmpConsoleMaxPacket bytes), each at most 127 bytes with its newline.
QByteArray encodeSmpConsole(QByteArrayView packet);
// How many bytes encodeSmpConsole gives for a packet of that size.
qsizetype smpConsoleSize(qsizetype packetSize);

// Finds packets in what a console says. Bytes outside of frames are skipped and never stored; a frame that is not
// base64, too long, out of turn or of a wrong CRC is dropped, and reading goes on with the next start marker.
class SmpConsoleReader {
 public:
  // Takes the next byte; the packet when this byte completed one.
  std::optional<QByteArray> take(char byte);

  // Frames that were dropped since the start: what a person wants to know when nothing else arrives.
  std::uint64_t droppedFrames() const { return dropped_; }

 private:
  enum class Line { Noise, Initial, Partial };

  std::optional<QByteArray> finishLine();
  void drop();

  char previous_ = 0;
  Line line_ = Line::Noise;
  QByteArray text_;    // base64 of the line being read
  QByteArray packet_;  // decoded so far, length field taken off, CRC still on
  qsizetype total_ = -1;
  std::uint64_t dropped_ = 0;
};

}  // namespace sealift
