// What is typed without being shown.
#pragma once

#include <QByteArray>
#include <QString>

#include <optional>

namespace sealift {

// One line from the terminal itself, whatever the standard streams are. Nothing without a terminal, or when the input
// ended. Wipe what comes back.
std::optional<QByteArray> readSecret(const QString& prompt);

}  // namespace sealift
