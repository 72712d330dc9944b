// Asks for a time: a few good ones, or any other. Used to be reminded and to schedule.
#pragma once

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
  static WhenDialog* forSchedule(const QString& deviceName, const QDateTime& now, QWidget* parent);

  QDateTime when() const;  // UTC

 Q_SIGNALS:
  void timeChosen(const QDateTime& when);  // UTC, in the future

 private:
  struct Choice {
    QString text;
    QDateTime time;
  };

  WhenDialog(const QString& name, const QString& title, const QString& text, const QString& action,
             const QList<Choice>& choices, const QDateTime& now, QWidget* parent);

  QButtonGroup* group_;
  QList<QDateTime> times_;
  QDateTimeEdit* edit_;
};

}  // namespace sealift
