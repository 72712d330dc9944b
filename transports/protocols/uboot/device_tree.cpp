#include "transports/protocols/uboot/device_tree.h"

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kTime{5'000};

}  // namespace

Result<bool> UbootDeviceTree::open(const QByteArray& address, const CancelToken& cancel) {
  SEALIFT_TRY(const CommandResult result, console_.run("fdt addr " + address, kTime, cancel));
  return result.status == 0;
}

// "name = VALUE" as `fdt print PATH PROPERTY` writes it; nothing when there is no such property.
Result<std::optional<QByteArray>> UbootDeviceTree::print(const QByteArray& path, const QByteArray& property,
                                                         const CancelToken& cancel) {
  SEALIFT_TRY(const CommandResult result, console_.run("fdt print " + path + " " + property, kTime, cancel));
  const QByteArray begin = property + " = ";
  if (result.status != 0 || !result.output.startsWith(begin)) {
    return std::optional<QByteArray>();
  }
  return std::optional(result.output.mid(begin.size()).trimmed());
}

Result<std::optional<QByteArray>> UbootDeviceTree::text(const QByteArray& path, const QByteArray& property,
                                                        const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<QByteArray> value, print(path, property, cancel));
  // A list of strings would be printed as "a", "b".
  if (!value || value->size() < 2 || !value->startsWith('"') || !value->endsWith('"') || value->count('"') != 2) {
    return std::optional<QByteArray>();
  }
  return std::optional(value->mid(1, value->size() - 2));
}

Result<std::optional<quint32>> UbootDeviceTree::cell(const QByteArray& path, const QByteArray& property,
                                                     const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<QByteArray> value, print(path, property, cancel));
  if (!value || value->size() != 12 || !value->startsWith("<0x") || !value->endsWith('>')) {
    return std::optional<quint32>();
  }
  bool ok = false;
  const quint32 number = value->mid(3, 8).toUInt(&ok, 16);
  return ok ? std::optional(number) : std::optional<quint32>();
}

Result<QList<QByteArray>> UbootDeviceTree::children(const QByteArray& path, const CancelToken& cancel) {
  SEALIFT_TRY(const CommandResult result, console_.run("fdt list " + path, kTime, cancel));
  QList<QByteArray> names;
  if (result.status != 0) {
    return names;
  }
  const QList<QByteArray> lines = result.output.split('\n');
  for (const QByteArray& line : lines) {
    // The node itself stands at the margin, its children behind one tab; properties have no '{'.
    if (line.startsWith('\t') && line.endsWith(" {")) {
      names << line.mid(1, line.size() - 3);
    }
  }
  return names;
}

}  // namespace sealift
