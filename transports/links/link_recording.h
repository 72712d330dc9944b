// A recording of what went over a link, as text that people can read, edit and keep with a test:
//
//   sealift-recording 1 bytes          first line: version 1, "bytes" or "datagrams"
//   # a comment                        ignored, as are empty lines
//   > 0601 02                          sent to the device, in hex; spaces are ignored
//   < 06                               came from the device
//
// One line for each write and each read (datagrams: for each datagram). Times are not recorded.
#pragma once

#include "transports/links/link_script.h"

#include <QByteArray>

namespace sealift {

enum class RecordingKind { Bytes, Datagrams };

QByteArray recordingHeader(RecordingKind kind);                  // with its line end
QByteArray recordingLine(char direction, QByteArrayView bytes);  // direction '>' or '<'; with its line end

// Plays the device's part of a recording: what was sent must be sent again, what came comes again.
// Errors: InvalidArgument, naming the line.
Result<LinkScript> scriptFromRecording(const QByteArray& recording, RecordingKind kind);

}  // namespace sealift
