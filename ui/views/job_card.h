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
  const JobView& job() const { return job_; }

 Q_SIGNALS:
  void cancelRequested(const QString& jobId);
  void detailsRequested(const QString& jobId);
  void resumeRequested(const QString& jobId);

 private:
  QString progressLine() const;

  JobView job_;
  TextLabel* device_;
  TextLabel* versions_;
  Pill* status_;
  QPushButton* cancel_;
  QPushButton* details_;
  QPushButton* resume_;
  ProgressTrack* track_;
  StageBar* stages_;
  TextLabel* line_;
  TextLabel* nextStep_;
};

}  // namespace sealift
