// The audit log: state of its proof, search and filters, the table, and one entry with its proof.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/views/page.h"

class QStackedWidget;
class QTableView;

namespace sealift {

class AuditModel;
class Banner;
class Card;
class EmptyState;
class KeyValueGrid;
class ProgressTrack;
class SearchField;
class TextLabel;

class AuditPage final : public Page {
  Q_OBJECT

 public:
  AuditPage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  void refresh() override;
  void focusSearch() override;
  void setHomeMode(bool home);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void buildHealth();
  void buildFilters();
  QWidget* buildTable();
  void applyFilter();
  void entriesAdded();
  void showTableOrEmpty();
  void showHealth(const AuditHealth& health);
  void showEntry(const QModelIndex& index);
  void fitColumns();
  void verify();
  void chooseExport(const QString& format);
  void exportTo(const QString& path, const QString& format);
  void report(const Status& status, const QString& done);

  Station& station_;
  const Clock& clock_;
  AuditModel* model_;
  Banner* health_;
  QWidget* progressRow_;
  ProgressTrack* progress_;
  QPushButton* verify_;
  QPushButton* stop_;
  QPushButton* export_;
  Banner* message_;
  SearchField* search_;
  ChoiceButton* outcome_;
  ChoiceButton* period_;
  QStackedWidget* stack_;
  QTableView* table_;
  EmptyState* empty_;
  Card* detail_;
  KeyValueGrid* facts_;
  Banner* detailError_;
  TextLabel* detailHint_;
  CancelToken cancel_;
  bool verifying_ = false;
};

}  // namespace sealift
