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
        ",mail,emails,mails,e mails,e mail address,email addr,emailaddress,emailadresse"
        ",e mail adresse,email adresse,mailadresse,mail adresse,elektronische post"
        ",kontakt email,adresse mail,adresse e mail,adresse email,adresse courriel,mel"
        ",adresse electronique,courrier electronique,couriel,correos,direccion de correo"
        ",direccion de correo electronico,correo e,direccion de email,direccion email"
        ",mail de contacto,correio,correio eletronico,correio electronico,endereco de e mail"
        ",endereco de email,endereco eletronico,e mails,posta elettronica,indirizzo e mail"
        ",indirizzo email,indirizzo mail,indirizzo di posta,indirizzo di posta elettronica,pec"
        ",emailadres,e mailadres,mailadres,e mail adres,mail adres,adres e mail,adres email"
        ",adres mailowy,poczta elektroniczna,poczta,adres poczty elektronicznej,e postadress"
        ",e postadresse,contact email,work email,personal email,primary email,user email"
        ",login email,email id"
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
        ",phones,phone no,phone num,phone nr,phone numbers,ph no,ph number,tel number,tel nr"
        ",tel num,telephone no,telephone num,telephone numbers,mobile no,mobile nr,mobile num"
        ",mob,mob no,mob number,cell no,cell number,work phone,home phone,daytime phone"
        ",evening phone,contact phone,phone home,phone work,phone mobile,primary phone"
        ",emergency phone,contact no,telefon nr,telefonnr,tel nummer,telnr,telefon privat"
        ",telefon geschaftlich,telefon dienstlich,mobiltelefon,mobilfunknummer,mobilfunk"
        ",mobilnr,mobil nr,handynr,handy nr,festnetz,festnetznummer,ruckrufnummer,durchwahl"
        ",kontakttelefon,telefonisch,telephones,n de telephone,no de telephone,n telephone"
        ",num telephone,numero telephone,num tel,numero tel,numero de tel,tel portable"
        ",telephone mobile,telephone fixe,numero de portable,n de portable,numero de mobile"
        ",mobile tel,ligne fixe,gsm,telefonos,n de telefono,no de telefono,nro de telefono"
        ",nro telefono,num telefono,numero telefono,numero de movil,n de movil"
        ",numero de celular,telefono movil,telefono celular,telefono fijo,telefono de contacto"
        ",tfno,tlfno,tfno movil,telefones,numero de telefone,n de telefone,no de telefone"
        ",num telefone,numero telefone,fone,telefone celular,telefone fixo,telefone de contato"
        ",telefone de contacto,numero de telemovel,n de telemovel,numero de celular"
        ",contacto telefonico,contato telefonico,telefoni,n di telefono,n telefono"
        ",numero di telefono,numero telefono,num telefono,numero di cellulare,n di cellulare"
        ",numero cellulare,cell,recapito,recapito telefonico,telefono fisso,telefono cellulare"
        ",telefoonnr,telefoon nr,tel nr,mobiel,mobiele nummer,mobiel nummer,mobielnummer"
        ",mobiele telefoon,gsm nummer,gsm nr,vaste lijn,telefoon vast,telefoon mobiel"
        ",telefoon thuis,telefoon werk,telefonu,nr telefonu,nr tel,numer tel"
        ",telefon kontaktowy,telefon komorkowy,tel kom,tel komorkowy,numer komorkowy"
        ",nr komorkowy,komorkowy,numer komorki,telefon stacjonarny,telefonkontaktowy"
    ),
    "person": (
        "full name,first name,last name,given name,given names,surname,family name,middle"
        " name,maiden name,fname,lname,forename,legal name,patient name,customer name,client"
        " name,employee name,contact name,cardholder,cardholder name,card holder,card holder"
        " name,account holder,account holder name,accountholder,beneficiary,beneficiary"
        " name,recipient name,sender name,applicant name,applicant,insured name,policyholder,policy"
        " holder,member name,guest name,passenger name,student name,teacher name,doctor"
        " name,physician name,owner name,tenant name,borrower name,holder name,person name,real"
        " name,user full name,emergency contact name,next of kin,mother maiden"
        " name,spouse name,father name,mother name,signatory,payee name,payee,debtor name,creditor"
        " name,buyer name,attendee name,candidate name,manager name,supervisor name,author full"
        " name,vorname,nachname,familienname,vor und"
        " nachname,kontoinhaber,karteninhaber,kundenname,patientenname,nombre"
        " completo,nombres,apellido,apellidos,primer apellido,segundo apellido,nombre y"
        " apellidos,titular,prenom,nom complet,nom de famille,nom et prenom,titulaire,cognome,nome"
        " completo,nome e cognome,intestatario,voornaam,achternaam,volledige naam,naam"
        " klant,rekeninghouder,sobrenome,apelido,nome do cliente,primeiro nome,imie,nazwisko,imie i"
        " nazwisko,fornavn,etternavn,efternavn,fornamn,efternamn,etunimi,sukunimi,prenume,nume"
        ",fullname,name of customer,name of patient,name of employee,name of client"
        ",name of the patient,name of the customer,person full name,staff name"
        ",user real name,surnames,forenames,first names,last names,second name,christian name"
        ",complete name,name first,name last,name given,name family,givenname,familyname"
        ",contact person,emergency contact,insured person,resident name,child name,parent name"
        ",guardian name,guarantor full name,guarantor name,victim name,witness name,tenant"
        ",lessee,name des kunden,name der kundin,name des patienten,name der patientin"
        ",name des mitarbeiters,name des versicherten,name der person,vollstandiger name"
        ",voller name,vor und zuname,vor u nachname,vorname nachname,nachname vorname"
        ",name vorname,vorname name,zuname,rufname,geburtsname,ansprechpartner"
        ",ansprechpartnerin,mitarbeitername,mitarbeiter name,kunde name,versicherter"
        ",versicherungsnehmer,patientin,mieter,mieterin,vermieter,bewerber,bewerberin"
        ",teilnehmer,teilnehmerin,empfangername,kontaktperson,schuler name,schulername"
        ",antragsteller,antragstellerin,nom du client,nom de la cliente,nom du patient"
        ",nom de la patiente,nom du salarie,nom de l employe,nom de l assure,nom client"
        ",nom patient,nom salarie,nom employe,nom prenom,prenom nom,prenoms,prenom et nom"
        ",nom et prenoms,nom usuel,nom de naissance,nom d usage,noms et prenoms,nom de l eleve"
        ",beneficiaire,assure,demandeur,locataire,interlocuteur,nom du titulaire"
        ",nom du contact,patronyme,nombre del cliente,nombre de la cliente,nombre del paciente"
        ",nombre de la paciente,nombre del empleado,nombre de la empleada,nombre del titular"
        ",nombre cliente,nombre paciente,nombre empleado,nombres y apellidos"
        ",apellidos y nombre,apellidos y nombres,apellidos nombre,nombre apellidos"
        ",nombre y apellido,apellido paterno,apellido materno,nombre de pila,nombre del alumno"
        ",nombre del trabajador,asegurado,beneficiario,solicitante,inquilino"
        ",persona de contacto,nome do paciente,nome da paciente,nome da cliente"
        ",nome do funcionario,nome da funcionaria,nome do titular,nome do aluno"
        ",nome do colaborador,nome do utente,nome cliente,nome paciente,nome funcionario"
        ",nome e sobrenome,nome e apelido,nomes,sobrenomes,apelidos,ultimo nome,nome proprio"
        ",nome da mae,nome do pai,nome social,beneficiario,requerente,inquilino,segurado"
        ",pessoa de contato,nominativo,nome cognome,cognome e nome,cognome nome"
        ",nome del cliente,nome del paziente,nome del dipendente,nome cliente,nome paziente"
        ",nome dipendente,nome intestatario,nome del titolare,nome di battesimo,cognomi"
        ",assicurato,richiedente,inquilino,locatario,referente,persona di contatto"
        ",nome e cognome cliente,naam van de klant,naam van de patient,naam van de medewerker"
        ",naam patient,naam medewerker,naam werknemer,naam client,klantnaam,patientnaam"
        ",patientennaam,medewerkernaam,naam medewerker,voor en achternaam,voornaam achternaam"
        ",achternaam voornaam,voornamen,roepnaam,familienaam,geslachtsnaam,meisjesnaam"
        ",tussenvoegsel achternaam,contactpersoon,verzekerde,aanvrager,huurder,begunstigde"
        ",naam houder,naam verzekerde,imie nazwisko,nazwisko i imie,nazwisko imie,imiona"
        ",nazwiska,imie i nazwisko klienta,imie i nazwisko pacjenta,imie i nazwisko pracownika"
        ",imie klienta,nazwisko klienta,imie pacjenta,nazwisko pacjenta,imie pracownika"
        ",nazwisko pracownika,imiona i nazwisko,pierwsze imie,drugie imie,nazwisko rodowe"
        ",nazwisko panienskie,osoba kontaktowa,ubezpieczony,wnioskodawca,najemca,odbiorca imie"
        ",imie matki,imie ojca"
    ),
    "name": (
        "name,names,naam,nombre,nom,nome,navn,namn,nimi,noms,nomi,nomes,customer,patient,employee,attendee,contact,kunde,kundin,cliente,client,klant,klient,paciente,paziente,pacjent,mitarbeiter,empleado,salarie,dipendente,medewerker,pracownik,funcionario"
        ",display name,displayname,imie i nazwisko uzytkownika,nombres,nazwa klienta"
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
        ",home addr,residence,place of residence,residential addr,street and number,street no"
        ",street number,house address,mailing addr,postal addresses,addresses,living address"
        ",permanent residence,domicile,strasse und hausnummer,strasse hausnummer,strasse nr"
        ",str nr,str,strasse u hausnr,wohnort und strasse,privatadresse,heimatadresse"
        ",meldeadresse,rechnungsadresse,kundenadresse,adresse des kunden,hausanschrift"
        ",adresse postale,adresse complete,adresse du domicile,adresse personnelle"
        ",adresse du client,adresse client,adresse de livraison,adresse de facturation"
        ",adresse domicile,voie,n et voie,lieu de residence,direccion postal"
        ",direccion completa,direccion del cliente,direccion de envio,direccion de facturacion"
        ",direccion particular,domicilio particular,calle y numero,lugar de residencia"
        ",endereco completo,endereco residencial,endereco de entrega,endereco do cliente"
        ",endereco postal,rua e numero,domicilio fiscal,residencia,indirizzo completo"
        ",indirizzo cliente,indirizzo del cliente,residenza,indirizzo di casa"
        ",indirizzo di spedizione,indirizzo postale,via,via e numero civico,via e n,via piazza"
        ",domicilio fiscale,adres klant,adresgegevens,straat en huisnummer,straatnaam"
        ",straat huisnummer,straat nr,thuisadres,postadres,woonplaats en straat,factuuradres"
        ",afleveradres,bezorgadres,volledig adres,adres zamieszkania,adres klienta"
        ",adres pacjenta,adres korespondencyjny,adres zameldowania,adres domowy,adres pocztowy"
        ",pelny adres,ulica i numer,ulica nr,miejsce zamieszkania,ul"
    ),
    "date_of_birth": (
        "date of birth,dob,d o b,birth date,birthdate,birthday,birth day,born,born on,birth"
        " dt,geburtsdatum,geburtstag,geb datum,geboren am,geboren,geb,date de naissance,ne le,nee"
        " le,fecha de nacimiento,fecha nacimiento,nacido el,nacida el,data di nascita,data"
        " nascita,nato il,nata il,data de nascimento,data nascimento,nascido"
        " em,geboortedatum,geboren op,data urodzenia,fodselsdato,fodelsedatum,fodt,syntymaaika,data"
        " nasterii"
        ",date birth,birth dates,dates of birth,d o birth,date of b,bday,b day,birth,birthdate"
        ",patient dob,customer dob,geb,gebdat,geb dat,gebdatum,geburt,geburtsdat"
        ",tag der geburt,geburtsdatum des kunden,gebtag,date naissance,naissance,date naiss"
        ",date de naiss,naiss,d naissance,dte naissance,ddn,nee,nele,ne e le,ne ou nee le"
        ",nacimiento,f nacimiento,f de nacimiento,f nac,fec nac,fec nacimiento,fecha nac"
        ",fecha de nac,nacido,nacida,cumpleanos,fnac,nascimento,data nasc,data de nasc,dt nasc"
        ",dt nascimento,dn,nascido,nascida,nascida em,aniversario,nascita,data nasc"
        ",data di nasc,nato,nata,nato a il,nato a,compleanno,dnascita,nato nata il,geboorte"
        ",geb datum,geboorte datum,datum geboorte,geboren,geboortedag,verjaardag,urodzenia"
        ",urodzony,urodzona,data ur,data urodz,ur,ur dnia,urodzony dnia,urodzona dnia"
        ",dzien urodzenia,urodziny,dataur"
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
        ",kartennr,numero carte,n de carte,n carte bancaire,cb,numero tarjeta,n de tarjeta"
        ",num tarjeta,numero cartao,n do cartao,num cartao,numero di carta,n carta,carta"
        ",kaartnummer,creditcardnummer,creditcardnr,nr karty,numer karty kredytowej"
        ",nr karty kredytowej,karta platnicza,card pan,card numbers,visa card,cartao credito"
        ",tarjeta credito,carta credito"
    ),
    "iban": (
        "iban,iban number,iban code"
        ",iban nr,iban no,iban num,iban nummer,numero iban,nr iban,iban konto"
        ",kontoverbindung iban,rekening iban,compte iban,cuenta iban,conta iban,conto iban"
        ",rachunek iban,iban code,codice iban,bank iban,kontoverbindung"
    ),
    "bank_account": (
        "account number,account no,account num,acct number,acct no,acct num,acct,acc no,bank"
        " account,bank acct,bank account number,bank account no,checking account,savings"
        " account,checking account number,savings account number,beneficiary"
        " account,kontonummer,konto nr,kontonr,bankkonto,numero de cuenta,cuenta bancaria,numero de"
        " compte,compte bancaire,conto corrente,numero conto,rekeningnummer,conta bancaria,numero"
        " da conta,numer konta,numer rachunku,bankkontonummer,tilinumero,account"
        ",konto,kontoverbindung,bankverbindung,n de compte,numero compte,compte,rib"
        ",n de cuenta,numero cuenta,cuenta,nro de cuenta,cuenta corriente,clabe,ccc"
        ",numero conta,n da conta,conta,conta corrente,nib,n conto,numero di conto,conto"
        ",conto bancario,rekening,rekeningnr,bankrekening,bankrekeningnummer,nr konta"
        ",nr rachunku,konto bankowe,rachunek,rachunek bankowy,numer rachunku bankowego"
        ",bankkonto nr"
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
        ",id document,identity document,identity no,id no,national insurance id,national id no"
        ",citizen service number,personal code,ausweisnr,personalausweisnummer,ausweis nr"
        ",sozialversicherungsnr,identifikationsnummer,n d identite,numero d identite"
        ",carte d identite,numero de carte d identite,cni,numero cni,piece d identite"
        ",documento nacional,numero de documento,n de documento,nro documento,num documento"
        ",nro de documento,doc identidad,documento identificacao,bilhete de identidade,bi"
        ",cartao de cidadao,numero de identificacao,rg,numero do rg,documento di identita"
        ",carta d identita,numero documento,carta identita,n documento,numero carta d identita"
        ",identiteitsnummer,legitimatienummer,identiteitskaart,id bewijs,paspoort of id"
        ",dowod osobisty,nr dowodu,numer dowodu,numer dowodu osobistego,nr dowodu osobistego"
        ",dowod,seria i numer dowodu"
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
    "br_cpf": (
        "cpf,cadastro de pessoas fisicas,cpf number,numero do cpf,cpf cliente"
        ",n cpf,no cpf,num cpf,cpf do cliente,cpf paciente,cpf do titular,nr cpf,cpf cnpj"
    ),
    "br_cnpj": "cnpj,cadastro nacional da pessoa juridica",
    "in_aadhaar": (
        "aadhaar,aadhar,adhaar,adhar,aadhaar number,aadhaar no,aadhar number,uidai,uid number"
    ),
    "in_pan": "pan,pan number,pan no,pan card,permanent account number",
    "in_gstin": "gstin,gst number,gst no,gst in,gst",
    "de_tax_id": (
        "steuer id,steuerid,steueridentifikationsnummer,steuerliche identifikationsnummer,idnr,id"
        " nr,steuernummer,steuer idnr,steuer identifikationsnummer,tax id,tin"
        ",steuer identnummer,steuer ident nr,steuer id nr,idnummer,identnummer,steuernr"
        ",steuer nr,identifikationsnummer steuer,persoenliche identifikationsnummer,tin nr"
    ),
    "fr_nir": (
        "nir,numero de securite sociale,securite sociale,num secu,numero secu,no"
        " secu,insee,nss,secu"
        ",n de securite sociale,n securite sociale,numero ss,n ss,no ss,num ss,numero insee"
        ",n insee,no insee,nir patient,numero nir,n nir,immatriculation securite sociale"
        ",n secu,numero de secu,no de securite sociale"
    ),
    "es_dni": (
        "dni,nif,documento nacional de identidad,dni nie,numero de dni,documento de identidad"
        ",n dni,n de dni,num dni,numero dni,nro dni,dni nif,nif nie,nif dni,dni o nie"
        ",dni cliente,nif cliente"
    ),
    "es_nie": (
        "nie,nif,dni nie,numero de identidad de extranjero,documento de identidad"
        ",nif nie,dni o nie,nif dni,numero nie,n nie"
    ),
    "it_codice_fiscale": (
        "codice fiscale,cod fiscale,cod fisc,codicefiscale,cf"
        ",c f,cod fiscale,codice fisc,cf cliente,codice fiscale cliente"
        ",codice fiscale paziente,codfiscale,codfisc"
    ),
    "nl_bsn": (
        "bsn,burgerservicenummer,sofinummer,sofi nummer,sofi,bsn nummer"
        ",bsn nr,bsnnummer,burgerservicenr,burger service nummer,bsn sofi,bsn klant"
        ",bsn patient"
    ),
    "pl_pesel": (
        "pesel,nr pesel,numer pesel"
        ",pesel klienta,pesel pacjenta,pesel pracownika,numer ewidencyjny pesel"
        ",numer ewidencyjny"
    ),
    "pl_nip": "nip,nr nip,numer identyfikacji podatkowej",
    "pt_nif": (
        "nif,contribuinte,numero de contribuinte,numero de identificacao fiscal,nif number"
        ",n contribuinte,no de contribuinte,numero fiscal,nif do cliente,num contribuinte"
        ",n de contribuinte"
    ),
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
    "au_abn": ("abn,abn number,australian business number,australian business no"),
    "au_acn": ("acn,acn number,australian company number"),
    "au_medicare": (
        "medicare,medicare no,medicare card,medicare card number,medicare number,medicare card no"
    ),
    "de_id_card": (
        "personalausweis,personalausweisnummer,personalausweisnr,personalausweis nr,ausweisnummer,ausweis nr,ausweisnr,id card number"
    ),
    "de_pension_number": (
        "rentenversicherungsnummer,rentenversicherungsnr,rvnr,rv nummer,rv nr,versicherungsnummer,sozialversicherungsnummer,sv nummer,svnr"
    ),
    "de_steuernummer": ("steuernummer,steuernr,steuer nr,st nr,stnr"),
    "in_voter_id": (
        "voter id,voter id number,voter card,voter card number,epic,epic number,epic no,voter id no"
    ),
    "it_iva": ("partita iva,p iva,piva,partitaiva,numero partita iva"),
    "it_identity_card": (
        "carta d identita,carta identita,numero carta identita,numero carta d identita,cie,numero cie,n carta identita"
    ),
    "sg_nric": ("nric,nric no,nric number,fin,fin number,fin no,nric fin"),
    "th_id": ("thai id,thai id number,thai national id,citizen id,pin thailand"),
    "tr_id": (
        "tckn,tc kimlik,tc kimlik no,kimlik no,kimlik numarasi,t c kimlik no,tc no,tc kimlik numarasi"
    ),
    "us_npi": ("npi,npi number,npi no,national provider identifier"),
    "ng_nin": ("nin,nin number,national identification number,nigerian nin"),
    "passport": (
        "passport,passport number,passport no,passport num,passport"
        " id,passnummer,reisepass,reisepassnummer,pasaporte,numero de pasaporte,passeport,numero de"
        " passeport,passaporto,numero passaporto,paspoort,paspoortnummer,passaporte,numero do"
        " passaporte,pass nr,paszport,numer paszportu,passi,passnumber"
        ",passnr,reisepassnr,reisepass nr,pass number,passports,n de passeport"
        ",numero passeport,n passeport,no de passeport,numero pasaporte,n de pasaporte"
        ",nro pasaporte,n passaporto,numero di passaporto,n do passaporte,numero passaporte"
        ",paspoortnr,nr paszportu,numer paszportu,paszportu,seria i numer paszportu"
        ",passeport numero"
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
        ",licence number,license number,driving licence no,fuhrerscheinnr,fuhrerschein nr"
        ",n de permis,numero permis,permis conduire,n permis de conduire,licencia de conducir"
        ",n de licencia,permiso conducir,numero de licencia,carta de conducir,n da carta"
        ",carteira de motorista,habilitacao,n cnh,patente,n patente,numero di patente"
        ",patente guida,rijbewijsnr,rijbewijs nr,prawo jazdy nr,nr prawa jazdy"
        ",numer prawa jazdy,prawa jazdy"
    ),
    # health
    "uk_nhs": ("nhs,nhs number,nhs no,nhs num,nhs id,nhs nr,nhs patient number,nhsnumber"),
    "us_mbi": (
        "mbi,medicare,medicare number,medicare beneficiary,medicare beneficiary"
        " identifier,medicare id"
    ),
    "medical_record": (
        "mrn,medical record,medical record number,medical record no,patient id,patient"
        " number,patient no,patient mrn,chart number,chart no,hospital number,patienten"
        " id,patientennummer,numero de historia clinica"
        ",patientennr,patienten nr,fallnummer,aktenzeichen patient,numero de dossier"
        ",n dossier patient,numero dossier patient,ipp,nhc,historia clinica,n historia clinica"
        ",numero de historia,prontuario,n prontuario,numero do prontuario,processo clinico"
        ",cartella clinica,n cartella clinica,numero cartella clinica,patientnummer,patientnr"
        ",dossiernummer,numer kartoteki,nr kartoteki,nr historii choroby"
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
        ",krankenversichertennr,kv nummer,versichertennr,krankenversicherung nr,egk nummer"
        ",n securite sociale assure,numero assure,n tarjeta sanitaria"
        ",numero de tarjeta sanitaria,cip sns,numero de utente sns,n utente,cns"
        ",cartao nacional de saude,cartao sus,n tessera sanitaria,numero tessera sanitaria"
        ",zorgpolisnummer,verzekerdennummer,polisnummer zorg,numer ubezpieczenia"
        ",nr ubezpieczenia"
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
        ",medical diagnosis,diagnosen,diagnoseschlussel"
        ",hauptdiagnose,icd diagnose,allergie,allergien,medikament,blutgruppe,erkrankung"
        ",vorerkrankungen,diagnostics,pathologie,pathologies,antecedents medicaux"
        ",groupe sanguin,allergies connues,code cim,cim 10,enfermedad,enfermedades,alergias"
        ",alergia,grupo sanguineo,medicacion,medicamento,cie 10,antecedentes medicos,doenca"
        ",doencas,cid,cid 10,alergia,tipo sanguineo,medicacao,historico medico"
        ",diagnosi principale,malattia,allergia,allergie note,gruppo sanguigno,farmaco,terapia"
        ",aandoening,ziekte,ziektebeeld,medicatie,bloedgroep,allergieen,diagnozy,rozpoznanie"
        ",schorzenie,alergie,grupa krwi,leki,icd 10 kod"
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
        ",religionszugehoerigkeit,glaube,parteizugehorigkeit,gewerkschaftsmitglied,ethnie"
        ",religion de la personne,appartenance religieuse,opinions politiques"
        ",opinion politique,orientation politique,syndicat,adhesion syndicale"
        ",afiliacion sindical,afiliacion politica,sindicato,religion o creencias,raca,cor raca"
        ",raca cor,orientacao sexual,filiacao sindical,filiacao partidaria,crenca,credo"
        ",etnia origine,origine etnica,iscrizione sindacale,appartenenza sindacale"
        ",opinione politica,orientamento politico,geloof,geloofsovertuiging,etniciteit"
        ",etnische afkomst,politieke voorkeur,seksuele geaardheid,seksuele orientatie,vakbond"
        ",vakbondslidmaatschap,religia,pochodzenie etniczne,narodowosc etniczna"
        ",poglady polityczne,orientacja seksualna,zwiazek zawodowy,przynaleznosc zwiazkowa"
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
beneficiary applicant insured guest passenger student teacher doctor physician owner tenant borrower
holder spouse father mother child children kin attendee candidate manager supervisor buyer seller
donor subscriber policyholder cardholder debtor creditor payee payer signatory resident citizen
claimant participant subject individual author kunde patientin mitarbeiter cliente paciente empleado
persona personne salarie dipendente paziente klant medewerker pacjent klient pracownik kunden kundin
patienten mitarbeiterin mitarbeiters versicherter versicherten schuler bewerber mieter clients
clientes clienti patiente patientes pacientes pazienti empleada empleados trabajador alumno titular
salariee salaries employe assure eleve titulaire funcionario funcionaria funcionarios colaborador
utente aluno dipendenti impiegato studente titolare assicurato intestatario klanten clienten
werknemer werknemers leerling huurder verzekerde klienta klienci pacjenta pracownika pracownicy
ucznia ubezpieczonego
"""
PERSON_WORDS = frozenset(_PERSON_WORDS_TEXT.split())
