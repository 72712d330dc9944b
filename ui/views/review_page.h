// One plan before consent: what changes, every check, what will happen, and the yes to exactly this.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/views/page.h"

class QStackedWidget;

namespace sealift {

class Banner;
class Card;
class CheckList;
class ConsentBar;
class EmptyState;
class FlowLayout;
class KeyValueGrid;
class NotesView;
class TextLabel;

class ReviewPage final : public Page {
  Q_OBJECT

 public:
  ReviewPage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  // Makes the plan for a device and shows it.
  void review(const QString& deviceId) { review(deviceId, {}); }
  // Goes back to an older version: its own plan, consent and agreement.
  void reviewDowngrade(const QString& deviceId, const QString& version, const QString& reason);
  QString deviceId() const { return deviceId_; }

  void refresh() override;
  void leave() override { Q_EMIT closed(); }

 Q_SIGNALS:
  void closed();                          // go back to the devices
  void installing(const QString& jobId);  // the job was made; show it

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void review(const QString& deviceId, const UpdateWish& wish);
  void askToErase();
  void askToTryAgain();
  void askToResume();
  void askWhoAgrees();
  void showRefusal();
  QWidget* buildPlan();
  QWidget* buildConsentBar();
  void arrange();
  void showPlan(const PlanView& plan);
  void showFailure(const Error& error);
  void showPills();
  void updateButtons();
  ConsentGiven consent() const;
  void install();
  void schedule();
  void skip();
  void take(const Result<QString>& job);

  Station& station_;
  const Clock& clock_;
  QString deviceId_;
  UpdateWish wish_;
  std::optional<PlanView> plan_;
  bool busy_ = false;
  int request_ = 0;  // the newest plan asked for; answers to older ones are dropped

  QStackedWidget* stack_;
  EmptyState* loading_;
  QWidget* failurePage_;
  Banner* failure_;
  QWidget* planPage_;
  TextLabel* subtitle_;
  TextLabel* heading_;
  Banner* refused_;
  QPushButton* erase_;
  QPushButton* again_;
  QPushButton* resume_;
  Banner* error_;
  QWidget* columns_;
  Card* notesCard_;
  QWidget* side_;
  QWidget* pills_;
  FlowLayout* pillRow_;
  NotesView* notes_;
  TextLabel* link_;
  CheckList* checks_;
  KeyValueGrid* effects_;
  ConsentBar* consent_;
  QPushButton* skip_;
  QPushButton* schedule_;
  QPushButton* install_;
};

}  // namespace sealift
