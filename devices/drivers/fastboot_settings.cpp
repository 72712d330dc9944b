#include "devices/drivers/fastboot_settings.h"

#include <QJsonValue>

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxName = 40;  // leaves room for the verb in a command of 64 bytes
constexpr int kMaxFlashSeconds = 3600;

bool isPlain(QChar c) {
  const char16_t u = c.unicode();
  return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '.' || u == '_' || u == '-';
}

// Reads fields and remembers the first one that is wrong.
class Fields {
 public:
  explicit Fields(const QJsonObject& json) : json_(json) {}

  const QString& complaint() const { return complaint_; }
  void complain(const char* field, const char* wanted) {
    if (complaint_.isEmpty()) {
      complaint_ =
          QStringLiteral("The model's setting \"%1\" must be %2.").arg(QLatin1String(field), QLatin1String(wanted));
    }
  }

  // A partition, or a variable with its placeholders and colons; empty when absent.
  QByteArray name(const char* field, bool isVariable) {
    const QJsonValue value = json_[QLatin1String(field)];
    if (value.isUndefined()) {
      return {};
    }
    const QString text = value.toString();
    QString plain = text;
    if (isVariable) {
      plain.remove(QLatin1String("{slot}")).remove(QLatin1String("{partition}")).remove(u':');
    }
    if (text.isEmpty() || text.size() > kMaxName || !std::all_of(plain.cbegin(), plain.cend(), isPlain)) {
      complain(field, isVariable ? "the name of a variable" : "the name of a partition");
    }
    return text.toLatin1();
  }
  bool flag(const char* field, bool absent) {
    const QJsonValue value = json_[QLatin1String(field)];
    if (!value.isUndefined() && !value.isBool()) {
      complain(field, "true or false");
    }
    return value.toBool(absent);
  }
  int seconds(const char* field, int absent) {
    const int value = json_[QLatin1String(field)].toInt(json_.contains(QLatin1String(field)) ? 0 : absent);
    if (value < 1 || value > kMaxFlashSeconds) {
      complain(field, "a whole number of seconds from 1 to 3600");
    }
    return value;
  }

 private:
  const QJsonObject& json_;
  QString complaint_;
};

}  // namespace

QByteArray FastbootSettings::partitionOf(int slot) const {
  return slots ? partition + '_' + slotLetter(slot) : partition;
}

QByteArray FastbootSettings::expand(const QByteArray& variable, int slot) const {
  QByteArray name = variable;
  name.replace("{slot}", slotLetter(slot));
  name.replace("{partition}", partitionOf(slot));
  return name;
}

Result<FastbootSettings> FastbootSettings::fromJson(const QJsonObject& json) {
  Fields fields(json);
  FastbootSettings settings;
  settings.partition = fields.name("partition", false);
  settings.slots = fields.flag("slots", true);
  settings.version = fields.name("version", true);
  settings.digest = fields.name("digest", true);
  settings.fetch = fields.flag("fetch", false);
  settings.revision = fields.name("revision", true);
  settings.securityVersion = fields.name("securityVersion", true);
  settings.running = fields.name("running", true);
  settings.eraseFirst = fields.flag("eraseFirst", false);
  settings.flashTime = std::chrono::seconds(fields.seconds("flashSeconds", 300));
  if (settings.partition.isEmpty()) {
    fields.complain("partition", "the name of a partition");
  }
  if (!settings.slots && (settings.version + settings.digest).contains("{slot}")) {
    fields.complain("slots", "true when a variable names {slot}");
  }
  if (settings.slots && !settings.digest.isEmpty() && !settings.digest.contains('{')) {
    fields.complain("digest", "a variable with {slot} or {partition}");
  }
  const bool tellsVersion = !settings.version.isEmpty() && (settings.slots || !settings.running.isEmpty());
  if (settings.digest.isEmpty() && !settings.fetch && !tellsVersion) {
    fields.complain("digest",
                    "there, or \"fetch\", or \"version\" with slots or \"running\": otherwise nobody "
                    "could say what became of an update");
  }
  if (!fields.complaint().isEmpty()) {
    return fail(ErrorCode::CatalogMalformed, fields.complaint());
  }
  return settings;
}

}  // namespace sealift
