// How PINs and passphrases of keys are found by whoever runs a command.
#pragma once

#include <QByteArray>
#include <QString>

#include <functional>
#include <memory>
#include <optional>

namespace sealift {

class PinSource;

// The first that is set counts.
struct PinAccess {
  QString file;      // its first line; only its owner may read it
  QString variable;  // of the environment
  // Asks a person: the words to show → what was typed; nothing when the person gave up. Empty where nobody sits there.
  std::function<std::optional<QByteArray>(const QString& prompt)> ask;
};

std::unique_ptr<PinSource> makePinSource(const PinAccess& access);

}  // namespace sealift
