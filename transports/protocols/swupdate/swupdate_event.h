// What SWUpdate's daemon says on its WebSocket while it installs.
// Source: SWUpdate 2022.12, doc/source/swupdate_ipc.rst and progress.rst; mongoose/mongoose_interface.c for the JSON.
#pragma once

#include <QByteArray>
#include <QString>

#include <optional>

namespace sealift {

inline constexpr qsizetype kSwupdateMaxMessageBytes = 64 * 1024;

struct SwupdateEvent {
  enum class Kind {
    Other,    // of a type that is not known here, or of no use
    Phase,    // `state`
    Step,     // `step` of `steps`, `percent` of it
    Message,  // `text` at `level` (3 is an error, 7 a trace)
    Info,     // `text`: the name of the file that is installed, or JSON
  };
  enum class State { Other, Started, Running, Downloading, Succeeded, Failed, Done };

  Kind kind = Kind::Other;
  State state = State::Other;
  int step = 0;
  int steps = 0;
  int percent = 0;  // 0 … 100
  int level = 7;
  QString text;  // one line of printable characters, at most 300
};

// Nothing when the message is not one JSON object. All of its values are texts; one that is damaged counts as absent.
std::optional<SwupdateEvent> parseSwupdateEvent(const QByteArray& message);

// Text of a device as it can be shown: one line, nothing that steers a terminal, at most 300 characters.
QString shownText(const QString& text);

}  // namespace sealift
