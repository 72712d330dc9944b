// Every job: in progress, scheduled, finished.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/views/page.h"

#include <QHash>

namespace sealift {

class Banner;
class EmptyState;
class JobCard;

class UpdatesPage final : public Page {
  Q_OBJECT

 public:
  UpdatesPage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  void showJob(const QString& id);  // scrolls to it
  void refresh() override { load(); }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  struct Section {
    QWidget* widget = nullptr;
    QVBoxLayout* cards = nullptr;
    int count = 0;
  };

  Section& sectionOf(JobState state);
  Section addSection(const QString& title, const QString& name, QVBoxLayout* layout);
  void load();
  void updateJob(const QString& id);
  void place(const JobView& job, Section& section, int position);
  void askToCancel(const QString& id);
  void showDetails(const QString& id);
  void resume(const QString& id);

  void report(const Status& done);
  void pause(const QString& id, bool pause);
  void retry(const QString& id);
  void showQueue();

  Station& station_;
  const Clock& clock_;
  QPushButton* pauseAll_;
  Banner* pausedNote_;
  Banner* error_;
  EmptyState* empty_;
  Section running_;
  Section waiting_;
  Section scheduled_;
  Section paused_;
  Section finished_;
  QPushButton* more_;
  QHash<QString, JobCard*> cards_;
  QStringList interrupted_;
  int finishedShown_;
};

}  // namespace sealift
