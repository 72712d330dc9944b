// Asks for a time: a few good ones, or any other. Used to be reminded and to schedule.
#pragma once

#include "app/services/views.h"
#include "ui/dialogs/dialog_frame.h"

#include <QDateTime>

class QButtonGroup;
class QDateTimeEdit;

namespace sealift {

class WhenDialog final : public DialogFrame {
  Q_OBJECT

 public:
  // `now` in any time specification; the choices are made in local time.
  static WhenDialog* forReminder(const QString& deviceName, const QDateTime& now, QWidget* parent);
  struct Schedule {
    QString deviceName;
    QString window;                        // the station's maintenance window; empty: there is none
    QDateTime windowStart;                 // the current or next one
    QString idleProblem;                   // why it can't wait until the device is idle; empty: it can
    std::optional<QDate> deferrableUntil;  // the last day (UTC) that the vendor allows
  };
  static WhenDialog* forSchedule(const Schedule& schedule, const QDateTime& now, QWidget* parent);

  QDateTime when() const;   // UTC
  StartTime start() const;  // of forSchedule

 Q_SIGNALS:
  void timeChosen(const QDateTime& when);  // UTC, in the future
  void startChosen(const StartTime& start);

 private:
  struct Choice {
    QString text;
    QDateTime time;
    StartTime::When when = StartTime::When::At;
    QString problem = {};  // why it can't be chosen; empty: it can
  };

  WhenDialog(const QString& name, const QString& title, const QString& text, const QString& action,
             const QList<Choice>& choices, const QDateTime& now, const std::optional<QDate>& lastDay, QWidget* parent);

  QButtonGroup* group_;
  QList<Choice> choices_;
  QDateTimeEdit* edit_;
};

}  // namespace sealift
