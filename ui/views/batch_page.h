// Several plans before one consent: the notes of each release once, and each device with what stands against it. Each
// plan is agreed to and carried out as if it had been reviewed alone.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/views/page.h"

class QCheckBox;

namespace sealift {

class Banner;
class Card;
class ConsentBar;
class NotesView;
class Pill;
class TextLabel;

class BatchPage final : public Page {
  Q_OBJECT

 public:
  BatchPage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  // Plans for these devices, and shows the plans as they are made.
  void review(const QStringList& deviceIds);

  void refresh() override;
  void leave() override { Q_EMIT closed(); }

 Q_SIGNALS:
  void closed();   // go back to the devices
  void started();  // jobs were made; show them

 private:
  struct Row {
    QString deviceId;
    QString serial;  // or its address: several of a model may have the same name
    QWidget* widget = nullptr;
    QCheckBox* box = nullptr;
    TextLabel* detail = nullptr;
    Pill* state = nullptr;
    std::optional<PlanView> plan;
    std::optional<Error> error;
    bool begun = false;

    bool planned() const { return plan || error; }
    bool ready() const { return plan && plan->allowed && !begun; }
  };

  void addRow(const QString& deviceId);
  void take(qsizetype row, const Result<PlanView>& plan);
  void showRow(Row& row);
  void showNotes();
  void showState();
  QList<qsizetype> chosen() const;
  void install(const StartTime& start);
  void schedule();
  void takeJob(qsizetype row, const Result<QString>& job);

  Station& station_;
  const Clock& clock_;
  QStringList deviceIds_;
  std::vector<Row> rows_;
  int request_ = 0;   // answers to an older one are dropped
  int starting_ = 0;  // jobs that are being made
  Banner* error_;
  TextLabel* summary_;
  Card* devices_;
  NotesView* notes_;
  ConsentBar* consent_;
  QPushButton* schedule_;
  QPushButton* install_;
};

}  // namespace sealift
