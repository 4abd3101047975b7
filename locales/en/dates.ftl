# Days and dates. Months come long in day lines and short in lists.
yesterday-short = yesterday
date-short = { $day } { $month }
date-short-year = { $day } { $month } { $year }
date-month-year = { $month } { $year }
day-today = Today, { $weekday }, { $day } { $month }
day-yesterday = Yesterday, { $weekday }, { $day } { $month }
day-this-year = { $weekday }, { $day } { $month }
day-other-year = { $weekday }, { $day } { $month } { $year }

weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday

month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December

month-jan = Jan
month-feb = Feb
month-mar = Mar
month-apr = Apr
month-may-short = May
month-jun = Jun
month-jul = Jul
month-aug = Aug
month-sep = Sep
month-oct = Oct
month-nov = Nov
month-dec = Dec
