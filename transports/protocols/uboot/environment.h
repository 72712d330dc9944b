// U-Boot's environment variables, in its memory and in CRC-guarded blocks.
#pragma once

#include "transports/protocols/uboot/console.h"

#include <QByteArray>
#include <QList>
#include <QMap>

#include <optional>

namespace sealift {

class UbootEnvironment {
 public:
  explicit UbootEnvironment(UbootConsole& console) : console_(console) {}

  // Nothing when there is no such variable.
  Result<std::optional<QByteArray>> get(const QByteArray& name, const CancelToken& cancel);
  // In memory only. Values hold letters, digits and . _ : / , + - @ # alone: nothing that the shell would
  // interpret. Anything else is InvalidArgument; nothing is quoted. An empty value removes the variable.
  Status set(const QByteArray& name, const QByteArray& value, const CancelToken& cancel);
  Status unset(const QList<QByteArray>& names, const CancelToken& cancel);
  // saveenv: to where this U-Boot keeps its environment.
  Status save(const CancelToken& cancel);

  // `env export -c`: the variables as a block of `bytes` bytes at `address`, CRC-32 first.
  Status exportBlock(quint64 address, quint64 bytes, const QList<QByteArray>& names, const CancelToken& cancel);
  // `env import -c`: the named variables of such a block; nothing when its CRC is wrong. They also
  // become variables of U-Boot's memory; ones that the block lacks are removed there.
  Result<std::optional<QMap<QByteArray, QByteArray>>> importBlock(quint64 address, quint64 bytes,
                                                                  const QList<QByteArray>& names,
                                                                  const CancelToken& cancel);

  static bool isName(const QByteArray& name);
  static bool isSafeValue(const QByteArray& value);

 private:
  UbootConsole& console_;
};

}  // namespace sealift
