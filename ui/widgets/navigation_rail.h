// The left rail: one button a page, with counts; icons alone where the window is narrow.
#pragma once

#include <QFrame>
#include <QMap>

class QButtonGroup;

namespace sealift {

enum class PageId { Devices, Updates, Provisioning, Audit, Vendors, Settings };

class NavigationButton;

class NavigationRail final : public QFrame {
  Q_OBJECT

 public:
  explicit NavigationRail(QWidget* parent = nullptr);

  void setCurrent(PageId page);
  void setLabel(PageId page, const QString& label);
  // 0 shows no count. `meaning` is read out: "2 updates in progress".
  void setCount(PageId page, int count, const QString& meaning);
  void setPageVisible(PageId page, bool visible);
  void setCompact(bool compact);

 Q_SIGNALS:
  void pageChosen(PageId page);

 private:
  void addPage(PageId page, const QString& icon, const QString& label, const QString& name);

  QMap<PageId, NavigationButton*> buttons_;
  QButtonGroup* group_;
};

}  // namespace sealift
