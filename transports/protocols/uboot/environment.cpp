#include "transports/protocols/uboot/environment.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kTime{5'000};
constexpr std::chrono::milliseconds kSaveTime{30'000};  // erasing a flash sector takes seconds
constexpr qsizetype kMaxName = 64;
constexpr qsizetype kMaxValue = 256;

bool isLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

tl::unexpected<Error> badName(const QByteArray& name) {
  return fail(ErrorCode::InvalidArgument,
              QStringLiteral("\"%1\" is not a name of a U-Boot variable that can be used here.")
                  .arg(QString::fromLatin1(name.left(kMaxName))));
}

}  // namespace

bool UbootEnvironment::isName(const QByteArray& name) {
  return !name.isEmpty() && name.size() <= kMaxName && isLetterOrDigit(name.front()) &&
         std::all_of(name.cbegin(), name.cend(), [](char c) { return isLetterOrDigit(c) || c == '_' || c == '#'; });
}

bool UbootEnvironment::isSafeValue(const QByteArray& value) {
  static const QByteArray kOthers = "._:/,+-@#";
  // '#' begins a comment and '-' could be taken for an option where a word begins.
  return value.size() <= kMaxValue && !value.startsWith('#') && !value.startsWith('-') &&
         std::all_of(value.cbegin(), value.cend(), [](char c) { return isLetterOrDigit(c) || kOthers.contains(c); });
}

Result<std::optional<QByteArray>> UbootEnvironment::get(const QByteArray& name, const CancelToken& cancel) {
  if (!isName(name)) {
    return badName(name);
  }
  SEALIFT_TRY(const CommandResult result, console_.run("printenv " + name, kTime, cancel));
  if (result.status != 0) {
    return std::optional<QByteArray>();
  }
  const QByteArray begin = name + "=";
  if (!result.output.startsWith(begin) || !result.output.endsWith('\n')) {
    return fail(ErrorCode::ProtocolMalformed,
                QStringLiteral("U-Boot did not print the variable %1.").arg(QString::fromLatin1(name)));
  }
  return std::optional(result.output.mid(begin.size(), result.output.size() - begin.size() - 1));
}

Status UbootEnvironment::set(const QByteArray& name, const QByteArray& value, const CancelToken& cancel) {
  if (!isName(name)) {
    return badName(name);
  }
  if (!isSafeValue(value)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("The value for U-Boot's %1 has characters that its shell would interpret.")
                    .arg(QString::fromLatin1(name)));
  }
  SEALIFT_CHECK(console_.runOk("setenv " + name + " " + value, kTime, cancel));
  return {};
}

Status UbootEnvironment::unset(const QList<QByteArray>& names, const CancelToken& cancel) {
  QByteArray command;
  for (const QByteArray& name : names) {
    if (!isName(name)) {
      return badName(name);
    }
    command += (command.isEmpty() ? "setenv " : "; setenv ") + name;
  }
  SEALIFT_CHECK(console_.runOk(command, kTime, cancel));
  return {};
}

Status UbootEnvironment::save(const CancelToken& cancel) {
  SEALIFT_CHECK(console_.runOk("saveenv", kSaveTime, cancel));
  return {};
}

Status UbootEnvironment::exportBlock(quint64 address, quint64 bytes, const QList<QByteArray>& names,
                                     const CancelToken& cancel) {
  SEALIFT_CHECK(console_.runOk("env export -c -s 0x" + QByteArray::number(bytes, 16) + " 0x" +
                                   QByteArray::number(address, 16) + " " + names.join(' '),
                               kTime, cancel));
  return {};
}

Result<std::optional<QMap<QByteArray, QByteArray>>> UbootEnvironment::importBlock(quint64 address, quint64 bytes,
                                                                                  const QList<QByteArray>& names,
                                                                                  const CancelToken& cancel) {
  // What the block lacks must not look as if it came from it.
  SEALIFT_CHECK(unset(names, cancel));
  SEALIFT_TRY(const CommandResult imported, console_.run("env import -c 0x" + QByteArray::number(address, 16) + " 0x" +
                                                             QByteArray::number(bytes, 16) + " " + names.join(' '),
                                                         kTime, cancel));
  if (imported.status != 0) {
    return std::optional<QMap<QByteArray, QByteArray>>();
  }
  QMap<QByteArray, QByteArray> values;
  for (const QByteArray& name : names) {
    SEALIFT_TRY(const std::optional<QByteArray> value, get(name, cancel));
    if (value) {
      values.insert(name, *value);
    }
  }
  return std::optional(values);
}

}  // namespace sealift
