#include "devices/drivers/uboot_application.h"

namespace sealift {
namespace {

constexpr qsizetype kMaxAnswer = 16 * 1024;
constexpr qsizetype kReadBytes = 4096;
constexpr qsizetype kMaxField = 64;

// Text that a device sent, fit to be shown: printable and short, or nothing.
QString field(const QRegularExpressionMatch& match, const QString& group) {
  if (!match.hasCaptured(group)) {
    return {};
  }
  const QString text = match.captured(group).trimmed();
  const bool fine =
      text.size() <= kMaxField && std::all_of(text.cbegin(), text.cend(), [](QChar c) { return c.isPrint(); });
  return fine ? text : QString();
}

std::optional<ApplicationStatus> statusFrom(const QRegularExpressionMatch& match) {
  ApplicationStatus status;
  status.version = field(match, QStringLiteral("version"));
  status.slot = field(match, QStringLiteral("slot"));
  status.crc = QByteArray::fromHex(field(match, QStringLiteral("crc")).toLatin1());
  const QString trial = field(match, QStringLiteral("trial"));
  if (status.version.isEmpty() || status.crc.size() != 4 ||
      (trial != QLatin1String("0") && trial != QLatin1String("1"))) {
    return std::nullopt;
  }
  status.onTrial = trial == QLatin1String("1");
  status.serial = field(match, QStringLiteral("serial"));
  status.board = field(match, QStringLiteral("board"));
  status.revision = field(match, QStringLiteral("revision"));
  bool ok = false;
  if (const quint32 number = field(match, QStringLiteral("security")).toUInt(&ok, 16); ok) {
    status.securityVersion = number;
  }
  if (const QString verified = field(match, QStringLiteral("verified")); !verified.isEmpty()) {
    status.verified = verified == QLatin1String("1");
  }
  return status;
}

}  // namespace

Status UbootApplication::type(const QByteArray& line, const CancelToken& cancel) {
  return link_.write(line + "\r", Deadline::in(std::chrono::seconds(5), QStringLiteral("the console to take input")),
                     cancel);
}

Result<std::optional<ApplicationStatus>> UbootApplication::askStatus(std::chrono::milliseconds time,
                                                                     const CancelToken& cancel) {
  SEALIFT_CHECK(link_.discardInput());
  SEALIFT_CHECK(type(settings_.statusCommand, cancel));
  const Deadline deadline = Deadline::in(time, QStringLiteral("the application's status"));
  QByteArray answer;
  while (answer.size() < kMaxAnswer && !deadline.passed()) {
    auto bytes = link_.read(kReadBytes, deadline, cancel);
    if (!bytes && bytes.error().code == ErrorCode::Timeout) {
      break;
    }
    SEALIFT_TRY(const QByteArray more, std::move(bytes));
    answer += more;
    // Only whole lines: a version must not be taken for a shorter one.
    const QString lines = QString::fromLatin1(answer.left(answer.lastIndexOf('\n') + 1));
    const QRegularExpressionMatch match = settings_.applicationStatus.match(lines);
    if (match.hasMatch()) {
      return statusFrom(match);
    }
  }
  return std::optional<ApplicationStatus>();
}

Status UbootApplication::reset(const CancelToken& cancel) {
  watched_.clear();
  SEALIFT_CHECK(link_.discardInput());
  return type(settings_.resetCommand, cancel);
}

Result<UbootApplication::Event> UbootApplication::watch(std::chrono::milliseconds silence, const Deadline& deadline,
                                                        const CancelToken& cancel) {
  for (;;) {
    if (watched_.endsWith("\n" + settings_.console.prompt)) {
      watched_.clear();
      return Event::Prompt;
    }
    const qsizetype end = watched_.lastIndexOf('\n') + 1;
    const bool started = hasLineThatBegins(watched_.left(end), settings_.console.bootloaderBanner);
    const bool banner = settings_.applicationBanner.match(QString::fromLatin1(watched_.left(end))).hasMatch();
    if (banner || started) {
      // Both in one piece: the bootloader comes first, the application after it.
      watched_.remove(0, end);
      return banner ? Event::Banner : Event::BootloaderStarted;
    }
    watched_ = watched_.right(kMaxAnswer);
    if (deadline.passed()) {
      return deadline.timeout();
    }
    auto bytes = link_.read(kReadBytes, deadline.sooner(silence, deadline.name()), cancel);
    if (!bytes && bytes.error().code == ErrorCode::Timeout) {
      if (deadline.passed()) {
        return deadline.timeout();
      }
      return Event::Silence;
    }
    SEALIFT_TRY(const QByteArray more, std::move(bytes));
    watched_ += more;
  }
}

}  // namespace sealift
