// One device: what it runs, what can be updated, how it is secured, how long it is supported.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"

#include <QWidget>

class QAction;
class QGridLayout;
class QPushButton;
class QVBoxLayout;

namespace sealift {

class Banner;
class Card;
class KeyValueGrid;
class StaticTable;
class SupportTimeline;
class TextLabel;

class DevicePage final : public QWidget {
  Q_OBJECT

 public:
  DevicePage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  void showDevice(const DeviceView& device);
  QString deviceId() const { return device_.id; }
  void lookAgain();

 Q_SIGNALS:
  void reviewRequested(const QString& deviceId);
  void downgradeRequested(const QString& deviceId, const QString& version, const QString& reason);
  void progressRequested();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void buildHeader(QVBoxLayout* layout);
  void buildBanners(QVBoxLayout* layout);
  void buildCards(QVBoxLayout* layout);
  void arrangeCards();
  void showHeader();
  void showOffer();
  void showOrdinaryOffer(const OfferView& offer);
  void showNotice();
  void showFirmware();
  void showSecurity();
  void showSupport();
  void showHistory();
  void report(const Status& status);
  void remindLater();
  void stopSkipping();
  void rename();
  void remove();
  void askForDowngrade();
  void askForRule(const QString& kind);
  void askToLift(const ReleaseRuleView& rule);
  void showRules();
  void copyDetails() const;

  Station& station_;
  const Clock& clock_;
  DeviceView device_;
  bool looking_ = false;
  std::optional<Error> lookError_;  // of the last look or action

  TextLabel* name_;
  TextLabel* subtitle_;
  QAction* lookAction_;
  QAction* skipAction_;
  QAction* helpAction_;
  Banner* offer_;
  QPushButton* review_;
  QPushButton* remind_;
  QPushButton* unskip_;
  QPushButton* progress_;
  Banner* notice_;
  QPushButton* noticeLook_;
  QGridLayout* grid_;
  Card* firmwareCard_;
  Card* securityCard_;
  Card* supportCard_;
  Card* rulesCard_;
  QVBoxLayout* rules_;
  Banner* counter_;
  Card* historyCard_;
  StaticTable* slots_;
  TextLabel* noSlots_;
  TextLabel* imageNote_;
  KeyValueGrid* security_;
  SupportTimeline* timeline_;
  TextLabel* phase_;
  StaticTable* history_;
  TextLabel* noHistory_;
};

}  // namespace sealift
