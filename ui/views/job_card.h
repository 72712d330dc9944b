// One job on the Updates page.
#pragma once

#include "app/services/views.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace sealift {

class Pill;
class ProgressTrack;
class StageBar;
class TextLabel;

class JobCard final : public Card {
  Q_OBJECT

 public:
  explicit JobCard(const JobView& job, QWidget* parent = nullptr);

  void showJob(const JobView& job);
  // Whether looking at the device again can settle it.
  void setResumable(bool resumable);
  void setResuming(bool resuming);
  // How long it is until the next attempt; called each second while there is one.
  void showTimeLeft(const QDateTime& now);
  const JobView& job() const { return job_; }

 Q_SIGNALS:
  void cancelRequested(const QString& jobId);
  void detailsRequested(const QString& jobId);
  void resumeRequested(const QString& jobId);
  void pauseRequested(const QString& jobId, bool pause);
  void retryRequested(const QString& jobId);

 private:
  QString progressLine() const;
  void showQueue();

  JobView job_;
  TextLabel* device_;
  TextLabel* versions_;
  Pill* status_;
  QPushButton* cancel_;
  QPushButton* details_;
  QPushButton* resume_;
  QPushButton* pause_;
  QPushButton* retry_;
  Pill* priority_;
  ProgressTrack* track_;
  StageBar* stages_;
  TextLabel* line_;
  TextLabel* nextStep_;
};

}  // namespace sealift
