#include "transports/protocols/swupdate/swupdate_event.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMostText = 300;
constexpr int kMostSteps = 10'000;

// A number written as text, or 0.
int numberOf(const QJsonObject& json, const QString& key, int most) {
  bool ok = false;
  const int number = json[key].toString().toInt(&ok);
  return ok ? std::clamp(number, 0, most) : 0;
}

SwupdateEvent::State stateOf(const QString& name) {
  using State = SwupdateEvent::State;
  if (name == QLatin1String("START")) {
    return State::Started;
  }
  if (name == QLatin1String("RUN")) {
    return State::Running;
  }
  if (name == QLatin1String("DOWNLOAD")) {
    return State::Downloading;
  }
  if (name == QLatin1String("SUCCESS")) {
    return State::Succeeded;
  }
  if (name == QLatin1String("FAILURE")) {
    return State::Failed;
  }
  return name == QLatin1String("DONE") ? State::Done : State::Other;
}

}  // namespace

QString shownText(const QString& text) {
  QString shown;
  for (const QChar c : text) {
    if (shown.size() >= kMostText) {
      break;
    }
    shown += c.isPrint() ? c : QChar(u' ');
  }
  return shown.simplified();
}

std::optional<SwupdateEvent> parseSwupdateEvent(const QByteArray& message) {
  if (message.size() > kSwupdateMaxMessageBytes) {
    return std::nullopt;
  }
  const QJsonDocument document = QJsonDocument::fromJson(message);
  if (!document.isObject()) {
    return std::nullopt;
  }
  const QJsonObject json = document.object();
  const QString type = json[QStringLiteral("type")].toString();
  SwupdateEvent event;
  if (type == QLatin1String("status")) {
    event.kind = SwupdateEvent::Kind::Phase;
    event.state = stateOf(json[QStringLiteral("status")].toString());
  } else if (type == QLatin1String("step")) {
    event.kind = SwupdateEvent::Kind::Step;
    event.steps = numberOf(json, QStringLiteral("number"), kMostSteps);
    event.step = std::min(numberOf(json, QStringLiteral("step"), kMostSteps), event.steps);
    event.percent = numberOf(json, QStringLiteral("percent"), 100);
    event.text = shownText(json[QStringLiteral("name")].toString());
  } else if (type == QLatin1String("message")) {
    event.kind = SwupdateEvent::Kind::Message;
    event.level = json.contains(QStringLiteral("level")) ? numberOf(json, QStringLiteral("level"), 7) : 7;
    event.text = shownText(json[QStringLiteral("text")].toString());
  } else if (type == QLatin1String("info")) {
    event.kind = SwupdateEvent::Kind::Info;
    event.text = shownText(json[QStringLiteral("source")].toString());
  }
  return event;
}

}  // namespace sealift
