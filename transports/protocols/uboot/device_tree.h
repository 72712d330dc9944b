// A flattened device tree in the device's memory (a FIT image, or U-Boot's own control tree), through `fdt`.
#pragma once

#include "transports/protocols/uboot/console.h"

#include <QByteArray>
#include <QList>

#include <optional>

namespace sealift {

class UbootDeviceTree {
 public:
  explicit UbootDeviceTree(UbootConsole& console) : console_(console) {}

  // Makes the tree at `address` (a number, or a variable as "${fdtcontroladdr}") the one that the other calls
  // read. False when there is none.
  Result<bool> open(const QByteArray& address, const CancelToken& cancel);
  // A property that is one string; nothing when it is missing or something else. The text is as the tree has it.
  Result<std::optional<QByteArray>> text(const QByteArray& path, const QByteArray& property, const CancelToken& cancel);
  // A property that is one 32-bit cell; nothing when it is missing or something else.
  Result<std::optional<quint32>> cell(const QByteArray& path, const QByteArray& property, const CancelToken& cancel);
  // Names of the nodes right below `path`; empty when there is no such node.
  Result<QList<QByteArray>> children(const QByteArray& path, const CancelToken& cancel);

 private:
  Result<std::optional<QByteArray>> print(const QByteArray& path, const QByteArray& property,
                                          const CancelToken& cancel);

  UbootConsole& console_;
};

}  // namespace sealift
