"""The words themselves: which phrases announce which kind of personal data, and which announce
something else.
"""

from core.vocabulary.kinds import GROUPS

NATIONAL_ID_KINDS = GROUPS["national_id"] - {"passport", "driving_licence"}
"""What a label such as “national id” announces; papers have labels of their own."""

PHRASES: dict[str, str] = {
    # names of other things that end like personal ones
    "!": (
        "mac address,account id,account ids,contract address,wallet address,bind address,listen"
        " address,memory address,server address,base address,token address,ip version,ip"
        " count,phone count,email count,card count,card id,cell id,cell count,phone id,phone number"
        " id,email id hash,address id,person id,patient count,contact id,customer count,employee"
        " count,race condition,account name,account type,account balance,card type,card"
        " brand,address type,phone type,email type,email verified,phone verified,email"
        " enabled,event name,remote address id,symptom id,disease count,passport js,passport"
        " strategy,social media,social network,tel aviv,visa status,instruction pointer,stack"
        " pointer,address space,address bus,session name,pan number hash,faith based"
    ),
    # contact
    "email": (
        "email,e mail,mail address,email address,correo,correo electronico,courriel,epost,e"
        " post,sahkoposti"
    ),
    "phone": (
        "phone,phone number,telephone,telephone number,tel,tel no,mobile,mobile number,mobile"
        " phone,cell,cell phone,cellphone,msisdn,fax,fax number,contact number,call me,call"
        " us,reach me at,whatsapp,text"
        " me,dial,hotline,landline,telefon,telefonnummer,handy,handynummer,mobil,mobilnummer,rufnummer,fon,telefono,numero"
        " de telefono,movil,celular,telephone portable,portable,numero de"
        " telephone,cellulare,numero di"
        " telefono,telefoon,telefoonnummer,telefone,telemovel,puhelin,puhelinnumero,puh,telefoni,tlf,mobiltelefon,komorka,numer"
        " telefonu"
    ),
    "person": (
        "full name,first name,last name,given name,given names,surname,family name,middle"
        " name,maiden name,fname,lname,forename,legal name,patient name,customer name,client"
        " name,employee name,contact name,cardholder,cardholder name,card holder,card holder"
        " name,account holder,account holder name,accountholder,beneficiary,beneficiary"
        " name,recipient name,sender name,applicant name,applicant,insured name,policyholder,policy"
        " holder,member name,guest name,passenger name,student name,teacher name,doctor"
        " name,physician name,owner name,tenant name,borrower name,holder name,person name,real"
        " name,display name,user full name,emergency contact name,next of kin,mother maiden"
        " name,spouse name,father name,mother name,signatory,payee name,payee,debtor name,creditor"
        " name,buyer name,attendee name,candidate name,manager name,supervisor name,author full"
        " name,vorname,nachname,familienname,vor und"
        " nachname,kontoinhaber,karteninhaber,kundenname,patientenname,nombre"
        " completo,nombres,apellido,apellidos,primer apellido,segundo apellido,nombre y"
        " apellidos,titular,prenom,nom complet,nom de famille,nom et prenom,titulaire,cognome,nome"
        " completo,nome e cognome,intestatario,voornaam,achternaam,volledige naam,naam"
        " klant,rekeninghouder,sobrenome,apelido,nome do cliente,primeiro nome,imie,nazwisko,imie i"
        " nazwisko,fornavn,etternavn,efternavn,fornamn,efternamn,etunimi,sukunimi,prenume,nume"
    ),
    "name": (
        "name,names,naam,nombre,nom,nome,navn,namn,nimi,customer,patient,employee,attendee,contact,kunde"
    ),
    "address": (
        "home address,street,street address,address line,address line 1,address line"
        " 2,address1,address2,line1,"
        "mailing address,billing address,shipping address,postal address,residential"
        " address,delivery address,"
        "permanent address,current address,postal addr,street name,full address,patient"
        " address,customer address,"
        "employee address,address"
        " street,address,addr,strasse,straße,anschrift,adresse,wohnanschrift,postanschrift,"
        "lieferadresse,direccion,domicilio,calle,indirizzo,indirizzo di residenza,adres,ulica,adres"
        " zamieszkania,"
        "endereco,logradouro,rua,morada,gatuadress,postadress,adress,katuosoite,osoite,gateadresse,rue,straat,"
        "woonadres"
    ),
    "date_of_birth": (
        "date of birth,dob,d o b,birth date,birthdate,birthday,birth day,born,born on,birth"
        " dt,geburtsdatum,geburtstag,geb datum,geboren am,geboren,geb,date de naissance,ne le,nee"
        " le,fecha de nacimiento,fecha nacimiento,nacido el,nacida el,data di nascita,data"
        " nascita,nato il,nata il,data de nascimento,data nascimento,nascido"
        " em,geboortedatum,geboren op,data urodzenia,fodselsdato,fodelsedatum,fodt,syntymaaika,data"
        " nasterii"
    ),
    "ip_address": (
        "ip,ip address,ip addr,client ip,client ip address,remote ip,remote addr,remote"
        " address,source ip,user ip,user ip address,visitor ip,x forwarded for,x real ip,last login"
        " ip,login ip,signup ip,ip adresse"
    ),
    # bank
    "credit_card": (
        "credit card,card,card number,card no,card num,cc,ccn,cc number,cc num,pan,debit"
        " card,credit card number,debit card number,payment"
        " card,kreditkarte,kreditkartennummer,kartennummer,carte bancaire,carte de credit,numero de"
        " carte,tarjeta,tarjeta de credito,numero de tarjeta,carta di credito,numero"
        " carta,cartao,cartao de credito,numero do cartao,creditcard,kreditkort,kortnummer,karta"
        " kredytowa,numer karty,visa,mastercard,amex"
    ),
    "iban": "iban,iban number,iban code",
    "bank_account": (
        "account number,account no,account num,acct number,acct no,acct num,acct,acc no,bank"
        " account,bank acct,bank account number,bank account no,checking account,savings"
        " account,checking account number,savings account number,beneficiary"
        " account,kontonummer,konto nr,kontonr,bankkonto,numero de cuenta,cuenta bancaria,numero de"
        " compte,compte bancaire,conto corrente,numero conto,rekeningnummer,conta bancaria,numero"
        " da conta,numer konta,numer rachunku,bankkontonummer,tilinumero,account"
    ),
    "us_aba": (
        "routing,routing number,routing no,aba,aba number,aba routing,aba routing number,rtn,bank"
        " routing number"
    ),
    # national ids
    "national_id": (
        "national id,national id number,national identifier,national identity number,national"
        " identification number,identity number,id number,identity card number,identity card,id"
        " card,id card number,personal id,personal id number,personal identity number,personal"
        " identification number,personal number,citizen id,citizen number,government id,tax id,tax"
        " id number,tax identifier,tax number,tax no,tin,taxpayer id,taxpayer identification"
        " number,national insurance,personnr,personalausweis,ausweisnummer,identifiant"
        " national,documento de identidad,documento,numero de identificacion,cedula,id"
        " nummer,person number,fiscal number,fiscal code,social insurance number,social security"
        " number,social security,social security no,national number,national registration"
        " number,national register number"
    ),
    "us_ssn": (
        "ssn,ssn number,social security number,social security,social security no,social security"
        " num,soc sec,soc sec no,ss number,ssnum,social"
    ),
    "us_itin": "itin,individual taxpayer identification number",
    "uk_nino": (
        "nino,ni number,ni no,nin,national insurance,national insurance number,national insurance"
        " no,nat ins no"
    ),
    "uk_utr": "utr,unique taxpayer reference,self assessment reference",
    "br_cpf": "cpf,cadastro de pessoas fisicas,cpf number,numero do cpf,cpf cliente",
    "br_cnpj": "cnpj,cadastro nacional da pessoa juridica",
    "in_aadhaar": (
        "aadhaar,aadhar,adhaar,adhar,aadhaar number,aadhaar no,aadhar number,uidai,uid number"
    ),
    "in_pan": "pan,pan number,pan no,pan card,permanent account number",
    "in_gstin": "gstin,gst number,gst no,gst in,gst",
    "de_tax_id": (
        "steuer id,steuerid,steueridentifikationsnummer,steuerliche identifikationsnummer,idnr,id"
        " nr,steuernummer,steuer idnr,steuer identifikationsnummer,tax id,tin"
    ),
    "fr_nir": (
        "nir,numero de securite sociale,securite sociale,num secu,numero secu,no"
        " secu,insee,nss,secu"
    ),
    "es_dni": (
        "dni,nif,documento nacional de identidad,dni nie,numero de dni,documento de identidad"
    ),
    "es_nie": "nie,nif,dni nie,numero de identidad de extranjero,documento de identidad",
    "it_codice_fiscale": "codice fiscale,cod fiscale,cod fisc,codicefiscale,cf",
    "nl_bsn": "bsn,burgerservicenummer,sofinummer,sofi nummer,sofi,bsn nummer",
    "pl_pesel": "pesel,nr pesel,numer pesel",
    "pl_nip": "nip,nr nip,numer identyfikacji podatkowej",
    "pt_nif": "nif,contribuinte,numero de contribuinte,numero de identificacao fiscal,nif number",
    "be_national_number": (
        "rijksregisternummer,rijksregister,insz,niss,numero national,numero de registre"
        " national,registre national,nn,nrn,numero nn"
    ),
    "se_personnummer": "personnummer,pnr,person nr,samordningsnummer,personnr",
    "no_fodselsnummer": "fodselsnummer,fodselsnr,fnr,personnummer,d nummer",
    "fi_hetu": "hetu,henkilotunnus,personbeteckning,sotu",
    "dk_cpr": "cpr,cpr nummer,cpr nr,cprnr,cpr number,personnummer",
    "ch_ahv": "ahv,avs,ahv nummer,ahv nr,ahvn13,numero avs,sozialversicherungsnummer,oasi",
    "ro_cnp": "cnp,cod numeric personal",
    "ca_sin": (
        "sin,sin number,social insurance number,social insurance,nas,numero d assurance sociale"
    ),
    "au_tfn": "tfn,tax file number,tax file no",
    "mx_curp": "curp,clave unica de registro de poblacion",
    "za_id": (
        "za id,sa id,sa id number,rsa id,south african id,south african id number,id"
        " number,identity number"
    ),
    "ie_pps": "pps,ppsn,pps number,pps no,personal public service number",
    "at_svnr": "svnr,sv nummer,sozialversicherungsnummer,sv nr,versicherungsnummer",
    "cn_ric": "resident identity card,resident id,shenfenzheng,id card number,sfz",
    "kr_rrn": "rrn,resident registration number,jumin,juminbeonho",
    "passport": (
        "passport,passport number,passport no,passport num,passport"
        " id,passnummer,reisepass,reisepassnummer,pasaporte,numero de pasaporte,passeport,numero de"
        " passeport,passaporto,numero passaporto,paspoort,paspoortnummer,passaporte,numero do"
        " passaporte,pass nr,paszport,numer paszportu,passi,passnumber"
    ),
    "driving_licence": (
        "driver license,drivers license,driver s license,driver licence,drivers licence,driver s"
        " licence,driving licence,driving license,driver license number,drivers license"
        " number,driver s license number,drivers licence number,driving licence number,driving"
        " license number,driver license no,license number dl,dl number,dl no,dln,drivers lic,driver"
        " lic,fuhrerschein,fuhrerscheinnummer,fuehrerschein,fuehrerscheinnummer,permis de"
        " conduire,numero de permis,permiso de conducir,carnet de conducir,patente di guida,numero"
        " patente,rijbewijs,rijbewijsnummer,carta de conducao,cnh,prawo"
        " jazdy,korkort,forerkort,ajokortti"
    ),
    # health
    "uk_nhs": "nhs,nhs number,nhs no,nhs num,nhs id",
    "us_mbi": (
        "mbi,medicare,medicare number,medicare beneficiary,medicare beneficiary"
        " identifier,medicare id"
    ),
    "medical_record": (
        "mrn,medical record,medical record number,medical record no,patient id,patient"
        " number,patient no,patient mrn,chart number,chart no,hospital number,patienten"
        " id,patientennummer,numero de historia clinica"
    ),
    "health_id": (
        "health insurance,health insurance number,health insurance id,insurance member id,insurance"
        " id,insurance policy number,health plan id,health plan number,health card,health card"
        " number,health id,health number,member number,medical insurance number,medicaid,medicaid"
        " id,medicaid number,hicn,hic number,subscriber"
        " id,krankenversichertennummer,kvnr,krankenversicherungsnummer,versichertennummer,krankenkassennummer,ehic,ehic"
        " number,carte vitale,numero de assistance,tarjeta sanitaria,tessera"
        " sanitaria,zorgverzekeringsnummer,polisnummer,sns,numero de utente,numero"
        " utente,medical id"
    ),
    "health_data": (
        "diagnosis,diagnoses,diagnosis code,diagnosis codes,primary diagnosis,icd,icd10,icd"
        " 10,icd9,icd 9,icd code,icd10 code,icd 10 code,icd codes,medical condition,medical"
        " conditions,health condition,health"
        " conditions,symptom,symptoms,medication,medications,prescription,prescriptions,allergy,allergies,blood"
        " type,blood group,lab result,lab results,hiv"
        " status,hiv,disability,disabilities,comorbidity,comorbidities,medical history,clinical"
        " notes,clinical note,treatment plan,mental health,pregnancy status,pregnant,vaccination"
        " status,vaccination,disease,illness,chief complaint,discharge"
        " summary,diagnose,diagnosen,befund,krankheit,medikation,medikamente,behinderung,diagnostico,diagnosticos,diagnostic"
        " medical,maladie,traitement medical,diagnosi,patologia,diagnoza,choroba,snomed,snomed"
        " code,loinc result"
    ),
    "special_category": (
        "religion,religious affiliation,religious belief,religious beliefs,faith,ethnicity,ethnic"
        " origin,ethnic group,ethnic background,race,race ethnicity,racial origin,political"
        " affiliation,political party,political opinion,political opinions,political views,party"
        " affiliation,sexual orientation,sexuality,sexual preference,gender identity,trade"
        " union,trade union membership,union membership,union member,trade union member,genetic"
        " data,criminal record,criminal history,criminal conviction,criminal"
        " convictions,caste,konfession,religionszugehorigkeit,ethnische"
        " herkunft,gewerkschaft,gewerkschaftszugehorigkeit,sexuelle orientierung,etnia,orientacion"
        " sexual,origine ethnique,orientation sexuelle,appartenance"
        " syndicale,religione,orientamento sessuale,religiao,etnicidade,wyznanie"
    ),
}

_NEGATIVE_WORDS_TEXT = """
order orders tracking shipment parcel invoice sku ean upc gtin asin isbn issn imei imsi iccid
serial barcode timestamp ts epoch time date created updated modified expires expiry expiration
version build commit sha sha1 sha256 md5 hash checksum digest uuid guid trace span request session
transaction txn tx ref reference batch counter count offset bytes size length port pid tid seq
sequence metric score price amount total balance quantity qty sum revenue cost latitude longitude
lat lon lng coord coordinates elevation duration latency nanos micros millis ns ms us usec msec
ticks snowflake shard partition cursor etag nonce seed salt token fingerprint signature hostname
contract wallet mac bind listen job task ticket case issue event message product item article part
lot model device asset node pod container image volume disk block cluster instance correlation
revision rev rowid index idx row hits impressions clicks views width height dpi pixels weight
temperature voltage frequency cpu memory heap rss iops rpm throughput commande bestellung
bestellnummer auftrag auftragsnummer rechnung rechnungsnummer pedido factura fattura ordine
bestelling zamowienie faktura container_no doi arxiv pmid pmc patent
"""
NEGATIVE_WORDS = frozenset(_NEGATIVE_WORDS_TEXT.split())
"""Words that name something whose numbers are not personal."""

_NEUTRAL_WORDS_TEXT = """
value val values text content contents input output data body message messages msg note notes
comment comments description desc prompt query q question answer response summary title subject
detail details info string str field payload raw line body_text html markdown snippet excerpt
remark remarks memo narrative transcript arguments args reason result results chunk document
documents page completion instructions system user assistant parts part freetext free
"""
NEUTRAL_WORDS = frozenset(_NEUTRAL_WORDS_TEXT.split())
"""Words that say nothing about what stands under them."""

_PERSON_WORDS_TEXT = """
person people customer client patient employee staff user member contact recipient sender
beneficiary applicant insured guest passenger student teacher doctor physician owner tenant
borrower holder spouse father mother child children kin attendee candidate manager supervisor buyer
seller donor subscriber policyholder cardholder debtor creditor payee payer signatory resident
citizen claimant participant subject individual author kunde patientin mitarbeiter cliente paciente
empleado persona personne salarie dipendente paziente klant medewerker pacjent klient pracownik
"""
PERSON_WORDS = frozenset(_PERSON_WORDS_TEXT.split())
